import { membersIn } from '../../../shared/log/member-set.ts';
import { payloads } from '../../../shared/log/record-kinds.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import { READY_POLICIES } from '../../../shared/site/ready-rollouts.ts';
import { checkLog, joinRequest, pend, secretOf, type Theme } from './harness.ts';

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
