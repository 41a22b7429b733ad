import { pino } from 'pino';
import t, { type Test } from 'tap';
import { buildAdmin } from '../../../../edge/admin/admin.ts';
import type { ReplicaStatus, SiteStatus } from '../../../../edge/report/replica-status.ts';

const SITE: SiteStatus = {
  ...{
    id: 1,
    name: 's',
    revision: 1,
    target: 2,
    prepared: 0,
    pendingBytes: 0,
    aliases: [],
    error: null,
    needsLease: false,
  },
};
const STANDING: ReplicaStatus = {
  ...{ position: 7, head: 7, parent: null, upstream: 'http://a.test', isPaused: false },
  ...{ isRefused: false, isDiverged: false, isDrained: false, contactSeconds: 1.5, leaseSeconds: 4 },
  ...{ clockOffset: null, sites: [SITE], faults: [] },
};

/** The admin port of an edge that stands so. */
function admin(t: Test, changes: Partial<ReplicaStatus>) {
  const source = { status: async () => ({ ...STANDING, ...changes }), storage: undefined };
  const work = { kindsFor: () => [], ask: () => Promise.reject(new Error('nobody asks')) };
  const access = { isLoopback: true, token: { isIn: () => false }, names: [] };
  const log = pino({ level: 'silent' });
  const edge = { name: 'e', region: 'r' };
  const scrape = async () => ({ contentType: 'text/x-metrics', text: 'm 1' });
  const app = buildAdmin(edge, source, work, scrape, log, access);
  t.teardown(() => app.close());
  return app;
}

t.test('who is ready', async (t) => {
  const unseen = { ...SITE, revision: 0 };
  const table: [string, Partial<ReplicaStatus>, string][] = [
    ['one that shows its sites', {}, 'ready'],
    ['one whose log has no site', { sites: [] }, 'ready'],
    ['one that shows nothing yet', { sites: [SITE, unseen] }, 'waiting'],
    ['one that has never followed the log', { sites: [], position: 0 }, 'waiting'],
    ['one that is no member', { isRefused: true }, 'refused'],
    ['one that has other records', { isDiverged: true }, 'diverged'],
    ['a drained one', { isDrained: true }, 'drained'],
    ['a drained one that is no member any more', { isDrained: true, isRefused: true }, 'refused'],
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
  t.equal((await admin(t, { clockOffset: 7 }).inject('/status')).json().clockOffset, 7);
});

t.test('metrics', async (t) => {
  const { body, headers } = await admin(t, {}).inject('/metrics');
  t.equal(body, 'm 1');
  t.match(headers['content-type'], 'text/x-metrics');
});
