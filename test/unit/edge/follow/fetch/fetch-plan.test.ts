import t from 'tap';
import { type BundlePlan, planFetch } from '../../../../../edge/follow/fetch/fetch-plan.ts';
import type { NeededObject } from '../../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { BUNDLE_OBJECT, MAX_BUNDLE_OBJECTS } from '../../../../../shared/wire/bundle.ts';
import { random } from '../../../../helpers/random.ts';

const MIB = 1024 * 1024;
const MOST_BYTES = 4 * MIB;

const object = (name: string | number, size: number): NeededObject => ({
  digest: digestOf(String(name)),
  size,
  chunks: size > MIB ? digestOf(`chunks of ${name}`) : null,
});
const all = (objects: readonly NeededObject[]) => new Set(objects.map(({ digest }) => digest));
const many = (count: number, size: number) => Array.from({ length: count }, (_, i) => object(i, size));
const plan = (
  needed: readonly NeededObject[],
  missing = all(needed),
  bases: readonly (readonly [NeededObject, NeededObject])[] = [],
) => planFetch(needed, missing, new Map(bases.map(([wanted, base]) => [wanted.digest, base])));
const plain = (...objects: NeededObject[]): BundlePlan => ({ objects, dictionary: [] });
const bytesOf = ({ objects }: BundlePlan) => objects.reduce((sum, { size }) => sum + size, 0);
const lengths = (bundles: readonly BundlePlan[]) => bundles.map(({ objects }) => objects.length);

t.test('nothing is needed, nothing is fetched', async (t) => {
  t.strictSame(plan([]), { bundles: [], large: [] });
  const here = many(3, 10);
  t.strictSame(plan(here, new Set()), { bundles: [], large: [] }, 'all of it is here');
  t.strictSame(plan([], all(here)), { bundles: [], large: [] }, 'what is missing is not needed');
});

t.test('objects without a chunk list travel together, larger ones by themselves', async (t) => {
  const [empty, small, most] = [object('empty', 0), object('small', 10), object('most', BUNDLE_OBJECT)];
  const chunked = object('chunked', 5 * MIB);
  t.strictSame(plan([empty, chunked, small, most]), {
    bundles: [plain(empty, small, most)],
    large: [{ object: chunked, base: undefined }],
  });
});

t.test('only what is missing, each once, in order', async (t) => {
  const [a, b, c] = [object('a', 1), object('b', 2), object('c', 3)];
  const big = object('big', 2 * MIB);
  const found = plan([c, a, c, big, b, a, big], all([a, c, big]));
  t.strictSame(found, { bundles: [plain(c, a)], large: [{ object: big, base: undefined }] });
});

t.test('a bundle ends at its number of objects', async (t) => {
  t.strictSame(lengths(plan(many(MAX_BUNDLE_OBJECTS, 1)).bundles), [MAX_BUNDLE_OBJECTS]);
  const needed = many(2 * MAX_BUNDLE_OBJECTS + 1, 1);
  const { bundles } = plan(needed);
  t.strictSame(lengths(bundles), [MAX_BUNDLE_OBJECTS, MAX_BUNDLE_OBJECTS, 1]);
  t.strictSame(
    bundles.flatMap(({ objects }) => objects),
    needed,
  );
});

t.test('a bundle ends at its number of bytes', async (t) => {
  const exact = many(4, MIB);
  t.strictSame(plan(exact).bundles.map(bytesOf), [MOST_BYTES], 'full to the brim');
  t.strictSame(plan([...exact, object('one more', 1)]).bundles.map(bytesOf), [MOST_BYTES, 1]);
  t.strictSame(plan(many(10, MIB)).bundles.map(bytesOf), [MOST_BYTES, MOST_BYTES, 2 * MIB]);
});

t.test('what is held and resembles an object is its dictionary, each once', async (t) => {
  const [a, b, c] = [object('a', 10), object('b', 10), object('c', 10)];
  const [x, y] = [object('x', 9), object('y', 8)];
  const found = plan([a, b, c], all([a, b, c]), [
    [a, x],
    [c, x],
    [b, y],
  ]);
  t.strictSame(found.bundles, [{ objects: [a, b, c], dictionary: [x, y] }]);
  t.strictSame(
    plan([a, b], all([b]), [[a, x]]).bundles,
    [plain(b)],
    'the base of an object that is here is of no use',
  );
  const big = object('big', 2 * MIB);
  t.strictSame(plan([big], all([big]), [[big, x]]).large, [{ object: big, base: x }]);
});

t.test('a bundle ends at the bytes of its dictionary', async (t) => {
  const needed = many(3, 10);
  const bases = needed.map((wanted, i) => [wanted, object(`base ${i}`, 3 * MIB)] as const);
  const { bundles } = plan(needed, all(needed), bases);
  t.strictSame(lengths(bundles), [1, 1, 1]);

  const [wanted] = needed;
  if (wanted === undefined) throw new Error('nothing is wanted');
  const tooLarge = object('too large', MOST_BYTES + 1);
  t.strictSame(
    plan([wanted], all([wanted]), [[wanted, tooLarge]]).bundles,
    [plain(wanted)],
    'a base that fits in no bundle is left out',
  );
});

t.test('a dictionary that is full to the brim', async (t) => {
  const needed = many(5, 10);
  const bases = needed.map((wanted, i) => [wanted, object(`base ${i}`, MIB)] as const);
  const { bundles } = plan(needed, all(needed), bases);
  t.strictSame(lengths(bundles), [4, 1]);
  t.strictSame(
    bundles.map(({ dictionary }) => dictionary.length),
    [4, 1],
  );
  const [one, , ...rest] = needed as [NeededObject, NeededObject, ...NeededObject[]];
  const whole = [[one, object('whole', MOST_BYTES)]] as const;
  const [bundle] = plan([one, ...rest], all(needed), whole).bundles;
  t.strictSame(bundle?.objects, [one, ...rest], 'those without a base fit beside it');
});

t.test('both bounds hold whatever is needed', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const numbers = random(seed);
    const needed = Array.from({ length: 60 }, (_, i) => object(i, numbers.below(BUNDLE_OBJECT + 1)));
    const olds = Array.from({ length: 10 }, (_, i) => object(`old ${i}`, numbers.below(5 * MIB)));
    const bases = needed
      .filter(() => numbers.below(3) > 0)
      .map((wanted) => [wanted, numbers.pick(olds)] as const);
    const { bundles, large } = plan(needed, all(needed), bases);
    t.strictSame(large, []);
    t.strictSame(
      bundles.flatMap(({ objects }) => objects),
      needed,
      `seed ${seed}: each once`,
    );
    for (const bundle of bundles) {
      const { objects, dictionary } = bundle;
      t.ok(bytesOf(bundle) <= MOST_BYTES);
      t.ok(dictionary.reduce((sum, { size }) => sum + size, 0) <= MOST_BYTES);
      t.equal(new Set(dictionary).size, dictionary.length, `seed ${seed}: no base twice`);
      const own = new Set(objects.map(({ digest }) => digest));
      const useful = bases.filter(([wanted]) => own.has(wanted.digest)).map(([, base]) => base);
      t.ok(dictionary.every((base) => useful.includes(base)));
    }
  }
});

t.test('a base that takes no more room ends no bundle', async (t) => {
  const needed = many(3, 10);
  const shared = needed.map((wanted) => [wanted, object('shared', 3 * MIB)] as const);
  t.strictSame(lengths(plan(needed, all(needed), shared).bundles), [3]);
  const tooLarge = needed.map((wanted, i) => [wanted, object(`large ${i}`, MOST_BYTES + 1)] as const);
  t.strictSame(lengths(plan(needed, all(needed), tooLarge).bundles), [3]);
});
