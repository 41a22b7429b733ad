import t from 'tap';
import { revisionsFor } from '../../../../../edge/serve/site/former-assets.ts';

const none = () => new Set<string>();
const revisions = [
  { revision: 7, until: 200 },
  { revision: 5, until: 100 },
];

t.test('which revisions may answer, and until when', async (t) => {
  const at = (now: number) =>
    revisionsFor('/app.3f2a9bc1.js', { revisions, paths: null, purges: [], beside: null }, now, none);
  t.same(at(0), [7, 5]);
  t.same(at(100), [7]);
  t.same(at(200), []);
});

t.test('what is an asset', async (t) => {
  const table: [path: string, paths: string[] | null, isAsset: boolean][] = [
    ['/app.3f2a9bc1.js', null, true],
    ['/a/b/app-3f2a9bc1.css', null, true],
    ['/app.js', null, false],
    ['/index.html', null, false],
    ['/app.js', ['/assets/*'], false],
    ['/assets/app.js', ['/assets/*'], true],
    ['/app.3f2a9bc1.js', ['/assets/*'], false],
    ['/b/app.js', ['/assets/*', '/b/*.js'], true],
    ['/app.3f2a9bc1.js', [], false],
    ['/app.3f2a9bc1.js', ['no pattern'], false],
  ];
  for (const [path, paths, isAsset] of table)
    t.equal(
      revisionsFor(path, { revisions, paths, purges: [], beside: null }, 0, none).length > 0,
      isAsset,
      `${path} of ${paths}`,
    );
});

t.test('what was purged', async (t) => {
  const nothing = { all: false, paths: [], globs: [], tags: [] };
  const table: [target: Partial<typeof nothing> & { all?: boolean }, revision: number, left: number[]][] = [
    [{ all: true }, 5, [7]],
    [{ all: true }, 6, [7]],
    [{ all: true }, 7, []],
    [{ all: true }, 4, [7, 5]],
    [{ paths: ['app.3f2a9bc1.js'] as never[] }, 7, []],
    [{ paths: ['other.3f2a9bc1.js'] as never[] }, 7, [7, 5]],
    [{ globs: ['/*.js'] as never[] }, 5, [7]],
    [{ globs: ['/assets/*'] as never[] }, 7, [7, 5]],
    [{ tags: ['a', 'b'] as never[] }, 7, []],
    [{ tags: ['c'] as never[] }, 7, [7, 5]],
  ];
  for (const [target, revision, left] of table) {
    const purges = [{ revision, target: { ...nothing, ...target } }];
    const tags = () => new Set(['b']);
    t.same(revisionsFor('/app.3f2a9bc1.js', { revisions, paths: null, purges, beside: null }, 0, tags), left);
  }
});
