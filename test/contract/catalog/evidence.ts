import { signPurgeReceipt } from '../../../shared/log/purge-receipt.ts';
import { signReceipt } from '../../../shared/log/receipt.ts';
import { generateSigningKey, type SigningKey } from '../../../shared/signing/keys.ts';
import { EVERYTHING } from '../../../shared/site/purge.ts';
import { edgeKey, joinRequest, LOG, pend, secretOf, type Theme } from './harness.ts';

export function evidenceContract({ suite }: Theme): void {
  suite('who has answered a record, and who has not', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('docs', undefined, 1);
    const { revision, seq } = await publisher.publish(site, { a: '1' });
    const token = (id: string) => ({ id, secretHash: secretOf(id) });
    const open = (id: string, mayRead: string[] | null = null) =>
      catalog.createToken({ ...token(id), scope: 'join', edge: null, mayRead, expires: null }, 1);
    const [oslo, rome, bern] = [1, 2, 3].map(generateSigningKey) as [SigningKey, SigningKey, SigningKey];
    await open('t');
    await open('limited', ['other']);
    await catalog.join(joinRequest('paris'), token('t'), 2);
    for (const [name, { publicKey }] of Object.entries({ oslo, rome })) {
      await open(name);
      await catalog.join(joinRequest(name, { publicKey }), token(name), 2);
    }
    await catalog.join(joinRequest('bern', { publicKey: bern.publicKey }), token('limited'), 2);

    const { root } = await catalog.revision(site, revision);
    const plain = { log: LOG, epoch: 1, site, revision, root, seq, since: 5, covers: 'all' };
    const receipt = (edge: string, key: SigningKey, changes = {}) =>
      signReceipt({ ...plain, edge, ...changes }, key);
    const [byParis, byRome] = [receipt('paris', edgeKey), receipt('rome', rome)];
    await catalog.addReceipts([byRome, byParis, receipt('oslo', oslo, { seq: seq - 1 })]);
    await catalog.changeMember('rome', { revoked: true }, 6);
    await catalog.createReplacement('paris', { ...token('r'), expires: null }, 6);
    const host = generateSigningKey();
    await catalog.join(joinRequest('paris', { publicKey: host.publicKey, region: 'new' }), token('r'), 7);

    const row = (name: string, key: SigningKey, state: string, answered: boolean, region = 'eu') =>
      [name, region, key.publicKey, state, answered] as const;
    const [activation] = await catalog.records(seq, 1);
    const { members, ...evidence } = await catalog.revisionEvidence(site, revision);
    t.strictSame(
      new Set(members.map(String)),
      new Set(
        [
          ...[row('oslo', oslo, 'member', false), row('paris', host, 'member', false, 'new')],
          ...[row('paris', edgeKey, 'replaced', true, 'new'), row('rome', rome, 'revoked', true)],
        ].map(String),
      ),
      'a receipt for another record does not count, and who may not read the site is not asked',
    );
    t.strictSame(
      [...members],
      members.toSorted((a, b) => (`${a[0]} ${a[2]}` < `${b[0]} ${b[2]}` ? -1 : 1)),
    );
    const end = await catalog.head(1);
    t.strictSame(evidence, {
      record: activation,
      end: { seq: end.seq, hash: end.hash },
      receipts: [byParis, byRome],
    });

    const checkpoint = await catalog.addCheckpoint(8);
    while ((await catalog.dropRecords(checkpoint, 10)) > 0);
    t.strictSame(
      (await catalog.revisionEvidence(site, revision)).record,
      activation,
      'it stays when the log is pruned',
    );
    await t.rejects(catalog.revisionEvidence(site, 99), { code: 'no-such-revision' });
    const { revision: waiting } = await pend(catalog, site);
    await t.rejects(catalog.revisionEvidence(site, waiting), {
      code: 'no-such-revision',
      message: /never live/,
    });

    const purge = await catalog.addPurges(await catalog.site(site), [EVERYTHING], 9);
    const done = { log: LOG, epoch: 1, site, seq: purge, matched: 1, since: 9 };
    const purged = [
      signPurgeReceipt({ ...done, edge: 'oslo' }, oslo),
      signPurgeReceipt({ ...done, edge: 'paris' }, edgeKey),
    ];
    await catalog.addPurgeReceipts(purged);
    const answers = await catalog.purgeEvidence(site, purge);
    t.match(answers, { record: { kind: 'purge', seq: purge }, receipts: purged });
    t.strictSame(
      new Set(answers.members.map(String)),
      new Set(
        [
          ...[row('oslo', oslo, 'member', true), row('paris', host, 'member', false, 'new')],
          row('paris', edgeKey, 'replaced', true, 'new'),
        ].map(String),
      ),
    );
    await t.rejects(catalog.purgeEvidence(site, seq), { code: 'no-such-purge' });
  });
}
