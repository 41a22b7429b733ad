import t from 'tap';
import { leaseTerms, outlasting, SHORTEST_TERMS } from '../../../../origin/publish/lease.ts';

t.test('large fleets report less often, within limits', async (t) => {
  const table: [number, number][] = [
    [0, 2000],
    [1, 2000],
    [50, 2000],
    [60, 2400],
    [200, 8000],
    [250, 10_000],
    [100_000, 10_000],
  ];
  for (const [members, heartbeat] of table) t.equal(leaseTerms(members).heartbeat, heartbeat, `${members}`);
});

t.test(
  'a lease outlasts the heartbeat that renews it, and the origin counts longer than the edge',
  async (t) => {
    for (const members of [0, 100, 10_000]) {
      const terms = leaseTerms(members);
      t.ok(terms.lease >= terms.heartbeat + 4000);
      t.ok(outlasting(terms) > terms.lease);
      t.ok(terms.lease >= SHORTEST_TERMS.lease);
    }
  },
);
