import t from 'tap';
import type { Bucket } from '../../../../shared/content/manifest/buckets.ts';
import { decodeBuckets, differing, encodeBuckets } from '../../../../shared/wire/bucket-list.ts';
import { random } from '../../../helpers/random.ts';

const bucket = (number: number, fill = number % 251): Bucket => ({ number, digest: Buffer.alloc(32, fill) });
const some = [bucket(0, 1), bucket(258, 2), bucket(65_535, 3)];
const GOLDEN = `0000${'01'.repeat(32)}0102${'02'.repeat(32)}ffff${'03'.repeat(32)}`;
const plain = (buckets: readonly Bucket[]) =>
  buckets.map(({ number, digest }) => `${number} ${Buffer.from(digest).toString('hex')}`);

t.test('encodes to the frozen bytes, and back', async (t) => {
  t.equal(encodeBuckets(some).toString('hex'), GOLDEN);
  t.strictSame(plain(decodeBuckets(Buffer.from(GOLDEN, 'hex'))), plain(some));
  t.equal(encodeBuckets([]).length, 0);
  t.strictSame(decodeBuckets(Buffer.alloc(0)), []);
});

t.test('a whole level goes through', async (t) => {
  const all = Array.from({ length: 65_536 }, (_, number) => bucket(number));
  t.strictSame(plain(decodeBuckets(encodeBuckets(all))), plain(all));
});

t.test('refuses every cut', async (t) => {
  const bytes = Buffer.from(GOLDEN, 'hex');
  for (let length = 0; length < bytes.length; length++) {
    if (length % 34 === 0) continue;
    t.throws(() => decodeBuckets(bytes.subarray(0, length)), { code: 'upstream-protocol' }, `${length}`);
  }
});

t.test('refuses numbers that do not ascend', async (t) => {
  for (const numbers of [
    [1, 1],
    [2, 1],
    [0, 5, 4],
    [0, 0],
    [65_535, 0],
  ]) {
    const bytes = encodeBuckets(numbers.map((number) => bucket(number)));
    t.throws(() => decodeBuckets(bytes), { code: 'upstream-protocol' }, numbers.join());
  }
});

t.test('what is not the same on both sides', async (t) => {
  const table: [own: Bucket[], theirs: Bucket[], expected: number[]][] = [
    [[], [], []],
    [some, some, []],
    [some, [], [0, 258, 65_535]],
    [[], some, [0, 258, 65_535]],
    [[bucket(1, 1)], [bucket(1, 2)], [1]],
    [
      [bucket(1, 1), bucket(3, 3)],
      [bucket(2, 2), bucket(3, 3)],
      [1, 2],
    ],
    [[bucket(300, 1), bucket(9, 1)], [bucket(10, 1)], [9, 10, 300]],
  ];
  for (const [own, theirs, expected] of table)
    t.strictSame(differing(own, theirs), expected, `${own.length} ${theirs.length}`);
});

t.test('it does not matter who asks', async (t) => {
  const numbers = random(7);
  const list = () =>
    Array.from({ length: 50 }, (_, number) => bucket(number, numbers.below(2))).filter(
      () => numbers.below(3) > 0,
    );
  for (let i = 0; i < 20; i++) {
    const [a, b] = [list(), list()];
    const expected = Array.from({ length: 50 }, (_, number) => number).filter((number) => {
      const of = (buckets: Bucket[]) => buckets.find((one) => one.number === number)?.digest[0];
      return of(a) !== of(b);
    });
    t.strictSame(differing(a, b), expected);
    t.strictSame(differing(b, a), expected);
  }
});
