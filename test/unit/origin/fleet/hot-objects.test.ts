import t from 'tap';
import type { SiteRow } from '../../../../origin/catalog/site-calls.ts';
import { type EdgeRecord, grantLease, joined, noteReport } from '../../../../origin/fleet/edge-record.ts';
import { type HotReads, hotObjects } from '../../../../origin/fleet/hot-objects.ts';
import { SHORTEST_TERMS } from '../../../../origin/publish/lease.ts';
import type { Entry } from '../../../../shared/content/entry.ts';
import type { EdgeReport } from '../../../../shared/wire/protocol.ts';
import { NO_TASKS } from '../../../../shared/work/assignment.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const catalog = {
  sites: async () => [{ id: 1, name: 'docs', revision: 3 } as SiteRow],
  entryAt: async (_site: number, _revision: number, path: string) =>
    path === 'a.zip' ? ({ digest: A } as Entry) : undefined,
} as HotReads;

interface Edge {
  readonly region?: string;
  readonly storage?: 'full' | 'lazy';
  readonly row?: Partial<EdgeRecord['row']>;
  readonly hot?: EdgeReport['hot'];
  readonly isOnline?: boolean;
}

function edge(
  name: string,
  { region = 'north', storage = 'lazy', row = {}, hot, isOnline = true }: Edge = {},
) {
  const record = joined({
    ...{ name, region, lat: null, lon: null, publicKey: 'k', replaces: null, revoked: false, paused: false },
    ...{ drained: false, labels: [], mayRead: null, lastSeen: null, report: null },
    ...row,
  });
  const { limits } = edgeReport();
  const tasks = { ...NO_TASKS, kinds: ['warm'] };
  noteReport(record, edgeReport({ tasks, limits: { ...limits, storage }, ...(hot && { hot }) }));
  if (isOnline) grantLease(record, 0, SHORTEST_TERMS);
  return record;
}

const found = (...edges: EdgeRecord[]) => hotObjects(edges, catalog, 0);

t.test('requests of a region are added up, and the other lazy edges named', async (t) => {
  const hot = (rate: number): EdgeReport['hot'] => [[1, 'a.zip', A, rate]];
  const asked = [edge('oslo', { hot: hot(40) }), edge('bern', { hot: hot(30) })];
  const others = [
    edge('rome'),
    edge('full', { storage: 'full' }),
    edge('far', { region: 'south' }),
    edge('paused', { row: { paused: true } }),
    edge('drained', { row: { drained: true } }),
    edge('limited', { row: { mayRead: ['other'] } }),
    edge('away', { isOnline: false }),
  ];
  t.strictSame(await found(...asked, ...others), [
    {
      ...{ region: 'north', site: 'docs', path: 'a.zip', digest: A, perMinute: 70 },
      ...{ askedAt: ['oslo', 'bern'], others: ['rome'] },
    },
  ]);
});

t.test('what an edge may not tell, or what is not so, does not count', async (t) => {
  const cases: [name: string, edge: Edge][] = [
    ['another object than the live one', { hot: [[1, 'a.zip', B, 900]] }],
    ['a path that is not there', { hot: [[1, 'b.zip', B, 900]] }],
    ['an unknown site', { hot: [[2, 'a.zip', A, 900]] }],
    ['a path that is a pattern', { hot: [[1, '*', A, 900]] }],
    ['a site that the edge may not read', { hot: [[1, 'a.zip', A, 900]], row: { mayRead: ['other'] } }],
    ['an edge with full storage', { hot: [[1, 'a.zip', A, 900]], storage: 'full' }],
    ['an edge that is away', { hot: [[1, 'a.zip', A, 900]], isOnline: false }],
  ];
  for (const [name, options] of cases)
    t.strictSame(await found(edge('oslo', options), edge('rome')), [], name);
  const twice = edge('oslo', {
    hot: [
      [1, 'a.zip', A, 40],
      [1, 'a.zip', A, 40],
    ],
  });
  t.match(await found(twice, edge('rome')), [{ perMinute: 40 }], 'an edge counts once');
});

t.test('it is kept until it is old', async (t) => {
  const oslo = edge('oslo', { hot: [[1, 'a.zip', A, 40]] });
  const { limits } = edgeReport();
  noteReport(oslo, edgeReport({ time: 100_000, limits: { ...limits, storage: 'lazy' } }));
  t.equal((await found(oslo, edge('rome'))).length, 1);
  noteReport(oslo, edgeReport({ time: 200_000, limits: { ...limits, storage: 'lazy' } }));
  t.equal((await found(oslo, edge('rome'))).length, 0);
});
