import { signReceipt } from '../../../shared/log/receipt.ts';
import { generateSigningKey, type SigningKey } from '../../../shared/signing/keys.ts';
import { checkLog, edgeKey, joinRequest, LOG, pend, secretOf, type Theme } from './harness.ts';

export function replacementsContract({ suite }: Theme): void {
  suite('a new host takes the place of an edge, once', async (t, catalog) => {
    const token = (id: string) => ({ id, secretHash: secretOf(id) });
    const replacement = (id: string, edge = 'paris') =>
      catalog.createReplacement(edge, { ...token(id), expires: 1000 }, 100);
    await catalog.createToken(
      { ...token('t'), scope: 'join', edge: null, mayRead: ['docs'], expires: null },
      1,
    );
    const first = await catalog.join(joinRequest('paris', { labels: ['ssd'] }), token('t'), 2);
    await catalog.changeMember('paris', { drained: true, paused: true }, 3);
    await t.rejects(replacement('x', 'rome'), { code: 'no-such-edge' });
    await replacement('r');
    await replacement('s');
    const seq = await checkLog(t, catalog);
    const { publicKey } = generateSigningKey();
    const host = (changes: object = {}) =>
      joinRequest('paris', { publicKey, region: 'us', labels: ['big'], ...changes });
    const joins = (id: string, changes: object = {}, time = 500) =>
      catalog.join(host(changes), token(id), time);
    await t.rejects(joins('r', { name: 'rome' }), { code: 'bad-join-token' }, 'under another name');
    await t.rejects(
      joins('r', { publicKey: edgeKey.publicKey }),
      { code: 'bad-join-token' },
      'the old host itself',
    );
    await t.rejects(joins('r', {}, 1000), { code: 'bad-join-token', message: /expired/ });
    t.equal(await checkLog(t, catalog), seq, 'what is refused writes nothing');

    const joined = await joins('r');
    t.match(joined, { seq: seq + 1, edge: { publicKey, replaces: edgeKey.publicKey, region: 'us' } });
    t.equal(await checkLog(t, catalog), seq + 1, 'one record admits the new host and revokes the old one');
    const [record] = await catalog.records(seq + 1, 1);
    t.strictSame(JSON.parse(record?.payload ?? ''), {
      ...{ name: 'paris', region: 'us', lat: 48.8, lon: null, publicKey, replaces: edgeKey.publicKey },
      ...{ revoked: false, paused: true, drained: true, labels: ['big', 'ssd'], mayRead: ['docs'] },
    });
    t.match(await catalog.edges(), [{ ...joined.edge, lastSeen: null, report: null }]);
    t.strictSame(
      await joins('r', {}, 5000),
      { ...joined, isNew: false },
      'its answer can be asked for again',
    );

    const other = generateSigningKey().publicKey;
    await t.rejects(joins('r', { publicKey: other }), { code: 'bad-join-token', message: /used/ });
    await t.rejects(joins('s', { publicKey: other }), { code: 'bad-join-token', message: /replaced since/ });
    await t.rejects(
      catalog.join(joinRequest('paris'), token('t'), 500),
      { code: 'bad-join-token' },
      'the old host',
    );
    await replacement('u');
    await catalog.changeMember('paris', { revoked: true }, 600);
    await replacement('v');
    const again = await joins('v', { publicKey: other, labels: ['new'] });
    t.match(again.edge, {
      publicKey: other,
      revoked: false,
      paused: false,
      drained: false,
      mayRead: ['docs'],
    });
    t.strictSame(again.edge.labels, ['new'], 'a new host may have the name of a revoked edge');
    await t.rejects(joins('u', { publicKey: generateSigningKey().publicKey }), { code: 'bad-join-token' });
    t.equal(first.edge.replaces, null);
  });

  suite('receipts of a host that was replaced stay, and do not count for the new one', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const { revision, root } = await pend(catalog, site);
    const token = (id: string) => ({ id, secretHash: secretOf(id) });
    await catalog.createToken({ ...token('t'), scope: 'join', edge: null, mayRead: null, expires: null }, 1);
    await catalog.join(joinRequest('paris'), token('t'), 2);
    const receipt = (key: SigningKey, since: number) =>
      signReceipt(
        { log: LOG, epoch: 1, edge: 'paris', site, revision, root, seq: 9, since, covers: 'all' },
        key,
      );
    const old = receipt(edgeKey, 5);
    await catalog.addReceipts([old]);
    t.strictSame(await catalog.confirming(site, revision), ['paris']);
    await catalog.createReplacement('paris', { ...token('r'), expires: null }, 6);
    const key = generateSigningKey();
    await catalog.join(joinRequest('paris', { publicKey: key.publicKey }), token('r'), 7);
    t.strictSame(await catalog.confirming(site, revision), []);
    t.strictSame(await catalog.addReceipts([receipt(edgeKey, 8)]), [], 'the old host signs nothing more');
    t.strictSame(await catalog.receipts(site, revision), [old]);
    const own = receipt(key, 9);
    t.strictSame(await catalog.addReceipts([own]), [own]);
    t.strictSame(await catalog.confirming(site, revision), ['paris']);
    t.strictSame(new Set(await catalog.receipts(site, revision)), new Set([old, own]));
  });
}
