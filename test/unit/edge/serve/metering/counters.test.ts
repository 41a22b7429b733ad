import t from 'tap';
import { Counters } from '../../../../../edge/serve/metering/counters.ts';

t.test('answers are counted by site, class of status and duration', async (t) => {
  const counters = new Counters();
  counters.count('a', 200, 10, 0.001);
  counters.count('a', 304, 0, 0.0011);
  counters.count('a', 206, 5, 61);
  counters.countExcess('b');
  const { a, b } = counters.snapshot();
  t.strictSame(a?.requests, { '2xx': 2, '3xx': 1 });
  t.match(a, { bytes: 15, excesses: 0 });
  t.strictSame(a?.buckets, [1, 1, ...Array(12).fill(0), 1]);
  t.match(b, { requests: {}, bytes: 0, excesses: 1 });
});

t.test('a process that replaces another goes on from its counts', async (t) => {
  const before = new Counters();
  before.count('a', 200, 10, 0.5);
  const handedOver = before.snapshot();
  const after = new Counters(handedOver);
  after.count('a', 200, 1, 0.5);
  t.match(after.snapshot(), { a: { requests: { '2xx': 2 }, bytes: 11, seconds: 1 } });
  t.match(handedOver, { a: { requests: { '2xx': 1 }, bytes: 10 } }, 'what was handed over stays as it is');
});

t.test('sites that are not served any more take no memory', async (t) => {
  const counters = new Counters();
  for (const site of ['a', 'b', 'c']) counters.count(site, 200, 1, 0);
  counters.show([
    { name: 'b', revision: 1 },
    { name: 'd', revision: 1 },
  ]);
  t.strictSame(Object.keys(counters.snapshot()), ['b']);
});

t.test('no single client has a revision taken back by broken links', async (t) => {
  const counters = new Counters();
  const meet = (isLost: boolean, client: string, times = 10) => {
    const error = { isLost, path: '/a', status: 404, before: 404, referer: '/' };
    for (let i = 0; i < times; i++) counters.countTrial('a', error, client);
  };
  const trial = () => counters.snapshot().a?.trial;
  counters.show([{ name: 'a', revision: 1 }]);
  meet(false, '10.0.0.1');
  t.match(trial(), { broken: 3, lost: 0, worst: [{ count: 3 }] });
  meet(false, '2001:db8::1');
  meet(false, '2001:db8::2');
  t.match(trial(), { broken: 6 }, 'a /64 is one client');
  meet(true, '10.0.0.1');
  t.match(trial(), { broken: 6, lost: 10 }, 'what is lost is no matter of the Referer alone');
  for (let i = 0; i < 300; i++) meet(false, `10.1.${i % 256}.${i >> 8}`, 1);
  t.match(trial(), { broken: 6 + 198 }, 'so many clients are told apart');
  counters.show([{ name: 'a', revision: 2 }]);
  meet(false, '10.0.0.1');
  t.match(trial(), { broken: 3 }, 'another revision');
});

t.test(
  'the counts under the visible revision begin with it, also in a process that replaces another',
  async (t) => {
    const counters = new Counters();
    counters.show([{ name: 'a', revision: 3 }]);
    counters.count('a', 200, 10, 0);
    counters.count('a', 503, 5, 0);
    t.match(counters.snapshot(), { a: { shown: { revision: 3, requests: 0, errors: 0, bytes: 0 } } });
    counters.show([{ name: 'a', revision: 4 }]);
    const since = { revision: 4, requests: 2, errors: 1, bytes: 15 };
    t.match(counters.snapshot(), { a: { shown: since } });
    const after = new Counters(structuredClone(counters.snapshot()));
    after.show([{ name: 'a', revision: 4 }]);
    after.count('a', 200, 1, 0);
    t.match(after.snapshot(), { a: { requests: { '2xx': 2, '5xx': 1 }, shown: since } });
  },
);
