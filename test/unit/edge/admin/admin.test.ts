import { pino } from 'pino';
import { Registry } from 'prom-client';
import t, { type Test } from 'tap';
import { buildAdmin } from '../../../../edge/admin/admin.ts';
import type { ReplicaStanding, SiteStanding } from '../../../../edge/report/standing.ts';

const SITE: SiteStanding = {
  ...{
    id: 1,
    name: 's',
    revision: 1,
    target: 2,
    prepared: 0,
    pendingBytes: 0,
    error: null,
    needsLease: false,
  },
};
const STANDING: ReplicaStanding = {
  ...{ position: 7, head: 7, parent: null, upstream: 'http://a.test', isPaused: false },
  ...{ isRefused: false, isDiverged: false, contactSeconds: 1.5, leaseSeconds: 4 },
  ...{ clockOffset: null, sites: [SITE], faults: [] },
};

/** The admin port of an edge that stands so. */
function admin(t: Test, changes: Partial<ReplicaStanding>) {
  const source = { standing: async () => ({ ...STANDING, ...changes }), storage: () => undefined };
  const work = { onDemand: [], ask: () => Promise.reject(new Error('nobody asks')) };
  const door = { isLoopback: true, token: { isIn: () => false }, names: [] };
  const log = pino({ level: 'silent' });
  const edge = { name: 'e', region: 'r' };
  const app = buildAdmin(edge, source, work, async () => ({}), log, door, new Registry());
  t.teardown(() => app.close());
  return app;
}

t.test('who is ready', async (t) => {
  const unseen = { ...SITE, revision: 0 };
  const table: [string, Partial<ReplicaStanding>, string][] = [
    ['one that shows its sites', {}, 'ready'],
    ['one whose log has no site', { sites: [] }, 'ready'],
    ['one that shows nothing yet', { sites: [SITE, unseen] }, 'waiting'],
    ['one that has never followed the log', { sites: [], position: 0 }, 'waiting'],
    ['one that is no member', { isRefused: true }, 'refused'],
    ['one that has other records', { isDiverged: true }, 'diverged'],
    ['one without a lease', { leaseSeconds: 0 }, 'ready'],
    [
      'one without a lease that it needs',
      { leaseSeconds: 0, sites: [{ ...SITE, needsLease: true }] },
      'without-lease',
    ],
    ['one with a lease that it needs', { sites: [{ ...SITE, needsLease: true }] }, 'ready'],
    ['one that never was', { isRefused: true, sites: [], position: 0 }, 'refused'],
  ];
  for (const [name, changes, status] of table) {
    const answer = await admin(t, changes).inject('/readyz');
    t.equal(answer.json().status, status, name);
    t.equal(answer.statusCode, status === 'ready' ? 200 : 503, name);
  }
});

t.test('the clock', async (t) => {
  const metric = async (clockOffset: number | null) =>
    /^skerry_edge_clock_offset_seconds (\S+)$/m.exec(
      (await admin(t, { clockOffset }).inject('/metrics')).body,
    )?.[1];
  t.equal(await metric(-120_500), '-120.5');
  t.equal(await metric(null), 'Nan');
  t.equal((await admin(t, { clockOffset: 7 }).inject('/status')).json().clockOffset, 7);
});

t.test('the tie to the origin', async (t) => {
  const metrics = async (changes: Partial<ReplicaStanding>) =>
    (await admin(t, changes).inject('/metrics')).body;
  const well = await metrics({});
  t.match(well, /^skerry_edge_upstream_contact_seconds 1\.5$/m);
  t.match(well, /^skerry_edge_lease_seconds 4$/m);
  t.match(well, /^skerry_edge_diverged 0$/m);
  t.match(well, /^skerry_edge_refused 0$/m);
  const fault = { time: 5000, code: 'silent-feed', message: 'm', upstream: 'http://o.test' };
  const met = /^skerry_edge_fault_timestamp_seconds\{code="silent-feed",upstream="http:\/\/o\.test"\} 5$/m;
  t.match(await metrics({ faults: [fault] }), met);
  const lost = await metrics({ isRefused: true, isDiverged: true, contactSeconds: null, leaseSeconds: 0 });
  t.match(lost, /^skerry_edge_upstream_contact_seconds Nan$/m);
  t.match(lost, /^skerry_edge_lease_seconds 0$/m);
  t.match(lost, /^skerry_edge_diverged 1$/m);
  t.match(lost, /^skerry_edge_refused 1$/m);
});
