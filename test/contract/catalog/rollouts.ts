import { membersIn } from '../../../shared/log/member-set.ts';
import { signReceipt } from '../../../shared/log/receipt.ts';
import { payloads } from '../../../shared/log/record-kinds.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import { READY_POLICIES } from '../../../shared/site/ready-rollouts.ts';
import { checkLog, joinRequest, LOG, pend, secretOf, type Theme } from './harness.ts';

const rollout = READY_POLICIES.canary;
const payload = { mode: 'async' } as const;

export function rolloutsContract({ suite }: Theme): void {
  suite('a rollout begins with its revision, and is neither tip nor pending', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const live = await publisher.publish(id, { a: '1' });
    const begun = await pend(catalog, id, { rollout, mode: 'async' });
    t.equal(begun.seq, await checkLog(t, catalog));
    const [revision, first] = await catalog.records(begun.seq - 1, 2);
    t.match(revision, { kind: 'revision', revision: begun.revision });
    t.match(first, { kind: 'rollout', critical: true, revision: begun.revision, root: begun.root });
    t.match(payloads.rollout.parseText(first?.payload ?? ''), { base: live.revision, step: 0, edges: [] });
    t.match(await catalog.site(id), { revision: live.revision, tip: live.revision, pending: null });
    t.match(await catalog.openRollouts(), [
      { site: id, siteName: 'one', revision: begun.revision, state: 'running', step: 0, edges: [] },
    ]);
    t.ok((await catalog.past(id))?.named.includes(begun.revision), 'it is not pruned');
  });

  suite('edges are added until the revision is live', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(id, { a: '1' });
    const { revision } = await pend(catalog, id, { rollout, mode: 'async' });
    const { seq } = await catalog.stepRollout(id, revision, { step: 1, edges: ['oslo'], dwell: 5 }, 50);
    const [step] = await catalog.newestRecords(1);
    t.match(payloads.rollout.parseText(step?.payload ?? ''), { step: 1, edges: ['oslo'] });
    t.match(await catalog.rollout(id), { step: 1, edges: ['oslo'], dwell: 5, stepped: 50, seq });
    await catalog.noteRollout(id, revision, { state: 'paused', reason: 'one is bad' });
    t.match(await catalog.rollout(id), { state: 'paused', reason: 'one is bad', ended: null });
    await catalog.activate({ site: id, revision, payload, time: 60, deploy: null });
    t.match(await catalog.rollout(id), { state: 'done', ended: 60 });
    t.match(await catalog.site(id), { revision, tip: revision });
    const code = 'no-such-rollout';
    const late = { step: 2, edges: ['oslo'], dwell: 5 };
    await t.rejects(async () => void (await catalog.stepRollout(id, revision, late, 61)), { code });
    const end = { state: 'aborted', reason: '' } as const;
    await t.rejects(async () => void (await catalog.endRollout(id, revision, end, 61)), { code });
    await t.rejects(catalog.noteRollout(id, revision, { state: 'paused' }), { code });
    await checkLog(t, catalog);
  });

  suite('a revision that is taken back never becomes live', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const live = await publisher.publish(id, { a: '1' });
    const { revision } = await pend(catalog, id, { rollout, mode: 'async' });
    await catalog.endRollout(id, revision, { state: 'failed', reason: 'two are bad' }, 70);
    t.match(await catalog.newestRecords(1), [{ kind: 'abort', revision }]);
    t.match(await catalog.rollout(id), { state: 'failed', reason: 'two are bad', ended: 70 });
    t.match(await catalog.revision(id, revision), { state: 'aborted', live: false });
    t.match(await catalog.site(id), { revision: live.revision, tip: live.revision });
    t.strictSame(await catalog.openRollouts(), []);
  });

  suite('what is published next ends the rollout first', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(id, { a: '1' });
    const first = await pend(catalog, id, { rollout, mode: 'async' });
    const second = await pend(catalog, id, { rollout, mode: 'async' });
    t.match(await catalog.records(first.seq + 1, 3), [
      { kind: 'abort', revision: first.revision },
      { kind: 'revision', revision: second.revision },
      { kind: 'rollout', revision: second.revision },
    ]);
    await pend(catalog, id, { draft: { name: 'pr-1', expires: 1000 }, mode: 'async' });
    t.match(await catalog.rollout(id), { state: 'running' }, 'a draft does not end it');
    const live = await publisher.publish(id, { a: '4' });
    t.match(await catalog.rollout(id), { revision: second.revision, state: 'aborted' });
    t.match(await catalog.site(id), { revision: live.revision });
    await checkLog(t, catalog);
  });

  suite('steps and what takes them back have receipts of their own', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const keys = new Map(['oslo', 'paris'].map((name) => [name, generateSigningKey()]));
    for (const [name, { publicKey }] of keys) {
      const token = { id: name, secretHash: secretOf(name) };
      await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
      await catalog.join(joinRequest(name, { publicKey }), token, 2);
    }
    const live = await publisher.publish(site, { a: '1' });
    const first = await pend(catalog, site, { rollout, mode: 'async' });
    const at = { step: 1, edges: ['oslo'], dwell: 5 };
    const { seq: step } = await catalog.stepRollout(site, first.revision, at, 50);
    const { seq: back } = await catalog.endRollout(site, first.revision, { state: 'failed', reason: '' }, 60);
    const [abort] = await catalog.records(back, 1);
    const { root } = await catalog.revision(site, live.revision);
    t.match(payloads.abort.parseText(abort?.payload ?? ''), { shows: { revision: live.revision, root } });

    const sign = async (edge: string, revision: number, seq: number) => {
      const { root } = await catalog.revision(site, revision);
      const plain = { log: LOG, epoch: 1, edge, site, revision, root, seq, since: seq, covers: 'all' };
      return signReceipt(plain, keys.get(edge) ?? generateSigningKey());
    };
    const receipts = [
      await sign('oslo', live.revision, live.seq),
      await sign('paris', live.revision, live.seq),
      await sign('oslo', first.revision, step),
      await sign('oslo', live.revision, back),
    ] as const;
    t.strictSame(await catalog.addReceipts(receipts), receipts);
    t.strictSame(await catalog.confirming(site, live.revision), ['oslo', 'paris']);
    t.match(await catalog.receipts(site, live.revision), [receipts[0], receipts[3], receipts[1]]);
    const activation = await catalog.revisionEvidence(site, live.revision);
    t.match(activation, { record: { kind: 'activate' }, receipts: [receipts[0], receipts[1]] });
    const atStep = await catalog.revisionEvidence(site, first.revision);
    t.match(atStep, { record: { kind: 'rollout', seq: step }, receipts: [receipts[2]] });
    t.match(atStep.members, [['oslo']], 'no other edge is asked');
    const checkpoint = await catalog.addCheckpoint(70);
    while ((await catalog.dropRecords(checkpoint, 10)) > 0);
    const again = await catalog.revisionEvidence(site, live.revision, back);
    t.match(again, { record: { kind: 'abort', seq: back }, receipts: [receipts[3]] }, 'it stays');
    t.match(again.members, [['oslo']]);
    const code = 'no-such-revision';
    await t.rejects(catalog.revisionEvidence(site, live.revision, step), { code });

    const second = await pend(catalog, site, { rollout, mode: 'async' });
    await catalog.stepRollout(site, second.revision, at, 80);
    const third = await publisher.publish(site, { a: '3' });
    const [ended] = await catalog.records(third.seq - 2, 1);
    t.match(ended, { kind: 'abort', revision: second.revision });
    t.match(
      await catalog.revisionEvidence(site, live.revision, ended?.seq),
      { record: { kind: 'abort' }, members: [['oslo']] },
      'another publish takes it back, too',
    );
  });

  suite('a checkpoint carries the rollout', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    for (const name of ['oslo', 'paris']) {
      const token = { id: name, secretHash: secretOf(name) };
      await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
      await catalog.join(joinRequest(name, { publicKey: generateSigningKey().publicKey }), token, 2);
    }
    await publisher.publish(id, { a: '1' });
    const { revision, root } = await pend(catalog, id, { rollout, mode: 'async' });
    const { seq } = await catalog.stepRollout(id, revision, { step: 1, edges: ['oslo'], dwell: 5 }, 50);
    await catalog.addCheckpoint(60);
    const [checkpoint] = await catalog.newestRecords(1);
    const { sites, members } = payloads.checkpoint.parseText(checkpoint?.payload ?? '');
    t.match(sites, [{ rollout: { revision, root, seq, step: 1 } }]);
    t.strictSame(membersIn(sites[0]?.rollout?.edges ?? '', members), ['oslo']);
  });
}
