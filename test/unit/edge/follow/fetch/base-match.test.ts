import t from 'tap';
import { matchBases, stem } from '../../../../../edge/follow/fetch/base-match.ts';
import type { NeededObject, StagedObject } from '../../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

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
    [
      'a renamed chunk',
      [put('css/chunk-9bc1ff02.css', 'new')],
      [gone('css/chunk-77aa0011.css', 'old'), gone('css/chunk.css', 'other')],
      'old',
    ],
    [
      'what its path held, though another is closer',
      [put('app.9bc1.js', 'new', object('old', 900))],
      [gone('app.3f2a.js', 'other', 100)],
      'old',
    ],
    [
      'the first of those that are as close',
      [put('app.9bc1.js', 'new')],
      [gone('app.1111.js', 'old', 90), gone('app.2222.js', 'other', 110)],
      'old',
    ],
    [
      'a moved folder and a renamed fingerprint',
      [put('v2/app.9bc1.js', 'new')],
      [gone('v1/app.3f2a.js', 'old')],
      'old',
    ],
    ['another type', [put('app.9bc1.js', 'new')], [gone('app.3f2a.css', 'old')], undefined],
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

t.test('an object that several paths bring has one base, that of the first', async (t) => {
  const objects = [put('a', 'new', object('first')), put('b', 'new', object('second'))];
  t.strictSame([...matchBases(objects, [])], [[digestOf('new'), object('first')]]);
  const later = [put('x', 'new'), put('b', 'new', object('second'))];
  t.strictSame([...matchBases(later, [])], [[digestOf('new'), object('second')]], 'that has one');
});

t.test('one old object may be the base of many', async (t) => {
  const objects = ['app.1a1a.js', 'app.2b2b.js', 'app.3c3c.js'].map((path) => put(path, path));
  const found = matchBases(objects, [gone('app.0000.js', 'old')]);
  t.strictSame(
    [...found.values()].map(({ digest }) => digest),
    Array(3).fill(digestOf('old')),
  );
});
