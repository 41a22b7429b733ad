import t from 'tap';
import { matchBases, stem } from '../../../../edge/follow/base-match.ts';
import type { NeededObject, StagedObject } from '../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../shared/digest.ts';

const object = (name: string, size = 100): NeededObject => ({ digest: digestOf(name), size, chunks: null });
const put = (
  path: string,
  content: string,
  before: NeededObject | null = null,
  size = 100,
): StagedObject => ({
  path,
  ...object(content, size),
  before,
});
const gone = (path: string, content: string, size = 100) => ({ path, object: object(content, size) });

t.test('a fingerprint is left out of a name', async (t) => {
  const table: [string, string][] = [
    ['app.3f2a.js', 'app.*.js'],
    ['assets/chunk-9bc1ff02.css', 'assets/chunk-*.css'],
    ['a/b/app.9bc1.min.js', 'a/b/app.*.min.js'],
    ['app.js', 'app.js'],
    ['app.min.js', 'app.min.js'],
    ['release-notes.txt', 'release-notes.txt'],
    ['README', 'README'],
  ];
  for (const [path, expected] of table) t.equal(stem(path), expected, path);
  t.equal(stem('app.3f2a.js'), stem('app.9bc1.js'));
});

t.test('what a new object is an edit of', async (t) => {
  const table: [
    name: string,
    objects: StagedObject[],
    removals: ReturnType<typeof gone>[],
    base: string | undefined,
  ][] = [
    ['what its path held', [put('a', 'new', object('old'))], [], 'old'],
    ['nothing', [put('a', 'new')], [], undefined],
    ['a renamed fingerprint', [put('app.9bc1.js', 'new')], [gone('app.3f2a.js', 'old')], 'old'],
    ['another name', [put('app.9bc1.js', 'new')], [gone('lib.3f2a.js', 'old')], undefined],
    ['a moved folder', [put('v2/app.js', 'new')], [gone('v1/app.js', 'old')], 'old'],
    [
      'the same folder before another',
      [put('v2/app.9bc1.js', 'new')],
      [gone('v1/app.3f2a.js', 'other'), gone('v2/app.77aa.js', 'old')],
      'old',
    ],
    [
      'the closest in size',
      [put('app.9bc1.js', 'new', null, 500)],
      [gone('app.1111.js', 'small', 10), gone('app.2222.js', 'old', 490), gone('app.3333.js', 'large', 900)],
      'old',
    ],
    ['not itself', [put('b', 'same')], [gone('x/b', 'same')], undefined],
    ['not an empty one', [put('a', 'new', object('', 0))], [], undefined],
  ];
  for (const [name, objects, removals, base] of table) {
    const found = matchBases(objects, removals).get(digestOf(name === 'not itself' ? 'same' : 'new'));
    t.equal(found?.digest, base === undefined ? undefined : digestOf(base), name);
  }
});
