import t from 'tap';
import { planFetch } from '../../../../edge/follow/fetch-plan.ts';
import type { NeededObject } from '../../../../edge/store/catalog.ts';
import { MAX_BUNDLE_OBJECTS, SMALL_OBJECT } from '../../../../shared/bundle.ts';
import { digestOf } from '../../../../shared/digest.ts';

const MIB = 1024 * 1024;
const MOST_BUNDLE_BYTES = 8 * MIB;

const object = (name: string | number, size: number): NeededObject => ({
  digest: digestOf(String(name)),
  size,
  chunks: size > MIB ? digestOf(`chunks of ${name}`) : null,
});
const all = (objects: readonly NeededObject[]) => new Set(objects.map(({ digest }) => digest));
const many = (count: number, size: number) => Array.from({ length: count }, (_, i) => object(i, size));
const bytesOf = (bundle: readonly NeededObject[]) => bundle.reduce((sum, { size }) => sum + size, 0);

t.test('nothing is needed, nothing is fetched', async (t) => {
  t.strictSame(planFetch([], new Set()), { bundles: [], large: [] });
  const here = many(3, 10);
  t.strictSame(planFetch(here, new Set()), { bundles: [], large: [] }, 'all of it is here');
  t.strictSame(planFetch([], all(here)), { bundles: [], large: [] }, 'what is missing is not needed');
});

t.test('small ones travel together, larger ones by themselves', async (t) => {
  const empty = object('empty', 0);
  const small = object('small', SMALL_OBJECT);
  const larger = object('larger', SMALL_OBJECT + 1);
  const chunked = object('chunked', 5 * MIB);
  const needed = [larger, empty, chunked, small];
  t.strictSame(planFetch(needed, all(needed)), { bundles: [[empty, small]], large: [larger, chunked] });
});

t.test('only what is missing, each once, in order', async (t) => {
  const [a, b, c] = [object('a', 1), object('b', 2), object('c', 3)];
  const big = object('big', MIB);
  const plan = planFetch([c, a, c, big, b, a, big], all([a, c, big]));
  t.strictSame(plan, { bundles: [[c, a]], large: [big] });
});

t.test('a bundle ends at its number of objects', async (t) => {
  t.strictSame(
    planFetch(many(2048, 1), all(many(2048, 1))).bundles.map((bundle) => bundle.length),
    [2048],
  );
  const needed = many(4097, 1);
  const { bundles } = planFetch(needed, all(needed));
  t.strictSame(
    bundles.map((bundle) => bundle.length),
    [2048, 2048, 1],
  );
  t.strictSame(bundles.flat(), needed);
  for (const bundle of bundles) t.ok(bundle.length <= MAX_BUNDLE_OBJECTS, 'a request may name so many');
});

t.test('a bundle ends at its number of bytes', async (t) => {
  const exact = many(MOST_BUNDLE_BYTES / SMALL_OBJECT, SMALL_OBJECT);
  t.equal(planFetch(exact, all(exact)).bundles.length, 1, 'full to the brim');
  const over = [...exact, object('one more', 1)];
  const { bundles } = planFetch(over, all(over));
  t.strictSame(bundles.map(bytesOf), [MOST_BUNDLE_BYTES, 1]);
  t.strictSame(bundles.flat(), over);

  const twice = many(300, SMALL_OBJECT);
  const sizes = planFetch(twice, all(twice)).bundles.map(bytesOf);
  t.strictSame(sizes, [MOST_BUNDLE_BYTES, MOST_BUNDLE_BYTES, 44 * SMALL_OBJECT], 'each counts from nothing');
});
