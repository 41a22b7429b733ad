import t from 'tap';
import type { EdgeRow } from '../../../../origin/catalog/fleet-calls.ts';
import {
  grantLease,
  isOnline,
  isParticipant,
  joined,
  known,
  leaseLeft,
} from '../../../../origin/fleet/edge-record.ts';
import { leaseTerms, outlasting, SHORTEST_TERMS } from '../../../../origin/publish/lease.ts';
import type { EdgeReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';

const report = (limits: Partial<EdgeReport['limits']> = {}): EdgeReport =>
  edgeReport({ time: 7, limits: { ...edgeReport().limits, ...limits } });
const row = (changes: Partial<EdgeRow> = {}): EdgeRow => ({
  ...{
    name: 'a',
    region: 'r',
    lat: null,
    lon: null,
    publicKey: 'k',
    replaces: null,
    revoked: false,
    paused: false,
    drained: false,
    labels: [],
    mayRead: null,
  },
  lastSeen: null,
  report: report(),
  ...changes,
});

t.test('a lease is counted from its granting, with a margin', async (t) => {
  const edge = joined(row());
  t.equal(leaseLeft(edge, 500), 0);
  t.equal(edge.reportTime, 7);
  t.equal(isOnline(edge, 500), false);
  t.equal(grantLease(edge, 1000, { heartbeat: 2000, lease: 6000 }), 6000);
  t.equal(leaseLeft(edge, 1000), 6500);
  t.equal(isOnline(edge, 7499), true);
  t.equal(isOnline(edge, 7500), false);
  t.equal(leaseLeft(edge, 99_999), 0);
});

t.test(
  'who was there before the start may hold a lease, whatever the clock says, and is not known to be here',
  async (t) => {
    const terms = leaseTerms(100);
    // Before the Epoch and in a thousand years: the clock was set while the origin was away.
    for (const lastSeen of [null, -1000, Date.now(), 33_000_000_000_000]) {
      const edge = known(row({ lastSeen }), 500, terms);
      t.equal(leaseLeft(edge, 500), outlasting(terms));
      t.equal(isOnline(edge, 500), false);
      t.equal(isParticipant(edge, 's', 500), true);
      t.equal(leaseLeft(edge, 500 + outlasting(terms)), 0);
    }
  },
);

t.test('whom a sync publish counts on', async (t) => {
  const window = { cron: '0 3 * * *', timezone: 'UTC', minutes: 60 };
  const table: [string, Partial<EdgeRow>, boolean][] = [
    ['one with a lease', {}, true],
    ['one that has said nothing of itself', { report: null }, false],
    ['a paused one', { paused: true }, false],
    ['a drained one', { drained: true }, false],
    ['a revoked one', { revoked: true }, false],
    ['a delayed one', { report: report({ delay: 1 }) }, false],
    ['a scheduled one', { report: report({ schedule: window }) }, false],
    ['one of other sites', { report: report({ sites: ['other'] }) }, false],
    ['one of this site and a part of it', { report: report({ sites: ['s'], prefixes: ['x/'] }) }, true],
    ['one on a slow line', { report: report({ rate: 1024 }) }, true],
  ];
  for (const [name, changes, expected] of table) {
    const edge = joined(row(changes));
    t.equal(isParticipant(edge, 's', 500), false, `${name}, without a lease`);
    grantLease(edge, 500, SHORTEST_TERMS);
    t.equal(isParticipant(edge, 's', 500), expected, name);
  }
});
