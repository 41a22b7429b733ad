import t from 'tap';
import { readersCounts, reportedCounts } from '../../../../edge/processes/readers-counts.ts';
import { Counters } from '../../../../edge/serve/metering/counters.ts';
import { MOST_COUNTED_SITES } from '../../../../shared/wire/protocol.ts';

t.test('what serving processes counted is added up, by site and visible revision', async (t) => {
  const [one, two] = [new Counters(), new Counters()];
  const show = (counters: Counters, revision: number) => counters.show([{ name: 'a', revision }]);
  show(one, 1);
  show(two, 1);
  one.count('a', 200, 10, 0);
  two.count('a', 500, 1, 0);
  const counts = () => readersCounts([one.snapshot(), two.snapshot()]);
  const a = { name: 'a', revision: 1, requests: 2, errors: 1, bytes: 11 };
  t.strictSame(counts(), { requests: 2, errors: 1, sites: [a] });
  show(one, 2);
  t.match(counts().sites, [{ revision: 2, requests: 0 }], 'one process has switched');
  show(two, 2);
  two.count('a', 200, 7, 0);
  t.strictSame(counts(), {
    ...{ requests: 3, errors: 1 },
    sites: [{ name: 'a', revision: 2, requests: 1, errors: 0, bytes: 7 }],
  });
  t.strictSame(
    reportedCounts(counts().sites, () => 9),
    [[9, 2, 1, 0, 7]],
  );
  t.strictSame(
    reportedCounts(counts().sites, () => undefined),
    [],
  );
});

t.test('of too many sites those with the most answers are named', async (t) => {
  const counters = new Counters();
  for (let i = 0; i < MOST_COUNTED_SITES + 10; i++) counters.count(`s${i}`, 200, 1, 0);
  counters.count('s505', 200, 1, 0);
  const { sites, requests } = readersCounts([counters.snapshot()]);
  t.equal(sites.length, MOST_COUNTED_SITES);
  t.equal(sites[0]?.name, 's505');
  t.equal(requests, MOST_COUNTED_SITES + 11);
});
