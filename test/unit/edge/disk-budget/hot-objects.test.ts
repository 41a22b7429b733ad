import t from 'tap';
import { HotObjects } from '../../../../edge/disk-budget/hot-objects.ts';
import { afterSample, hottest, type RequestRates } from '../../../../edge/disk-budget/hot-objects-state.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';

const digest = (name: string) => digestOf(name);
const used = (times: Readonly<Record<string, number>>) =>
  Object.entries(times).map(([name, count]) => [digest(name), 0, count] as const);

t.test('the rates follow the requests of the last minutes', async (t) => {
  const none: RequestRates = new Map();
  let rates = none;
  for (let i = 0; i < 40; i++) rates = afterSample(rates, used({ a: 50, b: 1 }), 0.5);
  t.equal(Math.round(rates.get(digest('a')) ?? 0), 100);
  t.equal(Math.round(rates.get(digest('b')) ?? 0), 2);
  rates = afterSample(rates, [], 2);
  t.equal(Math.round(rates.get(digest('a')) ?? 0), 50, 'half of it after two quiet minutes');
  rates = afterSample(rates, [], 10);
  t.notOk(rates.has(digest('b')), 'what nobody asks for is forgotten');
  t.equal(afterSample(rates, used({ a: 9 }), 0), rates, 'a sample of no time says nothing');

  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`o${i}`, i + 50]));
  const bounded = afterSample(none, used(many), 1);
  t.equal(bounded.size, 500);
  t.ok(bounded.has(digest('o1999')) && !bounded.has(digest('o0')));
  t.strictSame(
    hottest(bounded, 10, 2).map(([name]) => name),
    [digest('o1999'), digest('o1998')],
  );
  t.strictSame(hottest(bounded, 1e6, 2), []);
});

t.test('an edge names its hot objects twice a minute, and once that it has none', async (t) => {
  let now = 0;
  const names = (digests: readonly Digest[]) =>
    digests
      .filter((name) => name !== digest('gone'))
      .map((name) => ({ digest: name, site: 7, path: name === digest('long') ? 'x'.repeat(201) : 'a.zip' }));
  const hot = new HotObjects({ currentNames: async (digests) => names(digests) }, { monotonic: () => now });
  const sample = async (seconds: number, times: Readonly<Record<string, number>>) => {
    now += seconds * 1000;
    await hot.sampled(used(times));
    return hot.take();
  };
  t.equal(await sample(30, {}), undefined);
  t.equal(await sample(10, { a: 500, long: 500, gone: 500, rare: 1 }), undefined, 'it is too soon');
  const told = await sample(30, { a: 500 });
  t.equal(told?.length, 1);
  t.match(told?.[0], [7, 'a.zip', digest('a')]);
  t.ok(Number(told?.[0]?.[3]) > 100);
  t.equal(hot.take(), undefined, 'it is told once');
  t.strictSame(await sample(3600, {}), []);
  t.equal(await sample(3600, {}), undefined);
});
