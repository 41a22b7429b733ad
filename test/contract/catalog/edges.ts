import { shownTokens } from '../../../origin/access/tokens.ts';
import type { Receipt } from '../../../shared/log/receipt.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import { edgeReport } from '../../helpers/edge-report.ts';
import { checkLog, edgeKey, joinRequest, LOG, secretOf, type Theme } from './harness.ts';

export function edgesContract({ suite }: Theme): void {
  suite('an edge joins once with its token', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: 1000 }, 100);
    const joined = await catalog.join(joinRequest('paris'), token, 500);
    t.match(joined, { seq: 2, edge: { name: 'paris', mayRead: null } });
    const [record] = await catalog.records(2, 1);
    t.match(record, { kind: 'member', critical: true, site: 0, time: 500 });
    t.strictSame(JSON.parse(record?.payload ?? ''), {
      name: 'paris',
      region: 'eu',
      lat: 48.8,
      lon: null,
      publicKey: edgeKey.publicKey,
      revoked: false,
      paused: false,
    });
    t.strictSame(
      await catalog.join(joinRequest('paris'), token, 5000),
      { ...joined, isNew: false },
      'its answer can be asked for again',
    );
    t.match(await shownTokens(catalog, 500), [{ id: 't', state: 'used' }]);
    const other = generateSigningKey().publicKey;
    await t.rejects(catalog.join(joinRequest('paris', { publicKey: other }), token, 500), {
      code: 'bad-join-token',
    });
    await t.rejects(catalog.join(joinRequest('rome', { publicKey: other }), token, 500), {
      code: 'bad-join-token',
    });
    t.strictSame(await catalog.edges(), [
      {
        name: 'paris',
        region: 'eu',
        lat: 48.8,
        lon: null,
        publicKey: edgeKey.publicKey,
        replaces: null,
        revoked: false,
        paused: false,
        drained: false,
        labels: [],
        mayRead: null,
        lastSeen: null,
        report: null,
      },
    ]);
    t.equal(await checkLog(t, catalog), 2);
  });

  suite('an edge has the labels of its join, and those that it is given later', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
    const { edge } = await catalog.join(joinRequest('paris', { labels: ['ssd', 'canary'] }), token, 2);
    t.strictSame(edge.labels, ['canary', 'ssd']);
    const change = async (labels: { add?: string[]; remove?: string[] }) =>
      (await catalog.changeMember('paris', { labels }, 9)).labels;
    t.strictSame(await change({ add: ['big', 'ssd'], remove: ['canary'] }), ['big', 'ssd']);
    const seq = await checkLog(t, catalog);
    t.strictSame(await change({ add: ['ssd'], remove: ['none'] }), ['big', 'ssd']);
    t.equal(await checkLog(t, catalog), seq, 'repeating it writes nothing');
    const most = Array.from({ length: 18 }, (_, i) => `l${i}`);
    t.equal((await change({ add: most })).length, 20);
    await t.rejects(change({ add: ['more'] }), { code: 'too-many-labels' });
    t.equal(await checkLog(t, catalog), seq + 1);
    t.strictSame(await change({ remove: most }), ['big', 'ssd']);
    await catalog.changeMember('paris', { drained: true }, 9);
    t.match(await catalog.edges(), [{ name: 'paris', drained: true, labels: ['big', 'ssd'] }]);
    const [record] = await catalog.records(await checkLog(t, catalog), 1);
    t.match(JSON.parse(record?.payload ?? ''), { drained: true, labels: ['big', 'ssd'] });
  });

  suite('joins that are refused change nothing', async (t, catalog) => {
    const create = async (id: string, changes: { scope?: string; edge?: string; expires?: number }) => {
      const token = { id, secretHash: secretOf(id) };
      const scope = changes.scope ?? 'join';
      await catalog.createToken(
        { ...token, scope, edge: changes.edge ?? null, mayRead: null, expires: changes.expires ?? null },
        1,
      );
      return token;
    };
    const good = await create('good', {});
    await catalog.join(joinRequest('taken'), await create('first', {}), 10);
    const revoked = await create('revoked', {});
    await catalog.revokeToken('revoked');
    const bound = await create('bound', { edge: 'rome' });
    const key = { publicKey: generateSigningKey().publicKey };
    const table: [string, { id: string; secretHash: Buffer }, string, string][] = [
      ['an unknown token', { id: 'x', secretHash: secretOf('x') }, 'oslo', 'bad-join-token'],
      ['a wrong secret', { id: 'good', secretHash: secretOf('x') }, 'oslo', 'bad-join-token'],
      ['an API token', await create('api', { scope: 'admin' }), 'oslo', 'bad-join-token'],
      ['an expired one', await create('expired', { expires: 10 }), 'oslo', 'bad-join-token'],
      ['a revoked one', revoked, 'oslo', 'bad-join-token'],
      ['one bound to another edge', bound, 'oslo', 'bad-join-token'],
      ['a name that is taken', good, 'taken', 'name-taken'],
    ];
    const head = await checkLog(t, catalog);
    for (const [title, token, edge, code] of table) {
      await t.rejects(catalog.join(joinRequest(edge, key), token, 10), { code }, title);
    }
    t.equal(await checkLog(t, catalog), head);
    t.equal((await catalog.edges()).length, 1);
    await catalog.join(joinRequest('oslo', key), good, 10);
    await catalog.join(joinRequest('rome', key), bound, 10);
    t.strictSame(
      (await catalog.edges()).map((edge) => edge.name),
      ['oslo', 'rome', 'taken'],
    );
  });

  suite('one token, many at once: one edge', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => catalog.join(joinRequest(`edge-${i}`), token, 10)),
    );
    t.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    t.equal((await catalog.edges()).length, 1);
  });

  suite('reports and receipts', async (t, catalog, publisher) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
    await catalog.join(joinRequest('paris'), token, 2);
    const report = edgeReport({ time: 3, position: 4, hash: '4'.repeat(64) });
    await catalog.saveReports([
      { name: 'paris', lastSeen: 7, report },
      { name: 'unknown', lastSeen: 7, report },
    ]);
    t.match(await catalog.edges(), [{ name: 'paris', lastSeen: 7, report }]);
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.change(site, 0, { a: 'one' });
    await publisher.change(site, 1, { a: 'two' });
    const roots = [1, 2].map(async (revision) => (await catalog.revision(site, revision)).root);
    const [first, second] = await Promise.all(roots);
    if (first === undefined || second === undefined) throw new Error('two revisions were made');
    const receipt = (edge: string, revision: number, since = 1): Receipt => ({
      log: LOG,
      epoch: 1,
      edge,
      site,
      revision,
      root: revision === 1 ? first : second,
      seq: 4,
      since,
      covers: 'all',
      sig: 'checked before',
    });
    await catalog.addReceipts([receipt('rome', 1), receipt('paris', 1), receipt('paris', 2)]);
    await catalog.addReceipts([receipt('paris', 1, 99)]);
    t.strictSame(
      await catalog.receipts(1, 1),
      [receipt('paris', 1), receipt('rome', 1)],
      'the first one stays',
    );
    t.strictSame(await catalog.receipts(1, 2), [receipt('paris', 2)]);
    const untrue = [
      { ...receipt('rome', 2), root: first },
      receipt('paris', 3),
      { ...receipt('rome', 1), site: 2 },
    ];
    await catalog.addReceipts(untrue);
    t.strictSame(await catalog.receipts(1, 2), [receipt('paris', 2)], 'not one with another root');
    t.strictSame(await catalog.receipts(1, 3), [], 'nor one of a revision that is not');
    t.strictSame(await catalog.receipts(2, 1), []);
  });
}
