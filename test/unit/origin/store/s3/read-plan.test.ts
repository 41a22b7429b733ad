import t from 'tap';
import { type Located, planReads } from '../../../../../origin/store/s3/read-plan.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const at = (key: string, offset: number, size: number): Located => ({
  ...{ digest: digestOf(`${key} ${offset}`), key, offset, size },
});
const ranges = (...objects: Located[]) =>
  planReads(objects).map(({ key, start, end, objects }) => [key, start, end, objects.length]);

t.test('the fewest requests that read little else', async (t) => {
  for (const [name, objects, expected] of [
    ['nothing', [], []],
    ['one', [at('p', 7, 3)], [['p', 7, 10, 1]]],
    ['neighbours, in any order', [at('p', 3, 4), at('p', 0, 3)], [['p', 0, 7, 2]]],
    ['a gap that is read over', [at('p', 0, 1), at('p', 256 * KIB, 1)], [['p', 0, 256 * KIB + 1, 2]]],
    [
      'a gap that is not',
      [at('p', 0, 1), at('p', 256 * KIB + 2, 1)],
      [
        ['p', 0, 1, 1],
        ['p', 256 * KIB + 2, 256 * KIB + 3, 1],
      ],
    ],
    [
      'two packs',
      [at('p', 0, 1), at('q', 1, 1)],
      [
        ['p', 0, 1, 1],
        ['q', 1, 2, 1],
      ],
    ],
    ['an empty object', [at('p', 0, 1), at('p', 1, 0)], [['p', 0, 1, 1]]],
    ['an empty object alone', [at('p', 5, 0)], []],
  ] as const) {
    t.strictSame(ranges(...objects), expected, name);
  }
});

t.test('no request reads more than its memory is worth', async (t) => {
  const objects = Array.from({ length: 320 }, (_, i) => at('p', i * 64 * KIB, 64 * KIB));
  const reads = planReads(objects);
  t.equal(reads.length, 5);
  t.ok(reads.every(({ start, end }) => end - start <= 4 * MIB));
  t.equal(reads.flatMap((read) => read.objects).length, 320);
});
