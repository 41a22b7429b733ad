import t from 'tap';
import { revisionsFor } from '../../../../edge/serve/former-assets.ts';

const revisions = [
  { revision: 7, until: 200 },
  { revision: 5, until: 100 },
];

t.test('which revisions may answer, and until when', async (t) => {
  const at = (now: number) => revisionsFor('/app.3f2a9bc1.js', { revisions, paths: null }, now);
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
    t.equal(revisionsFor(path, { revisions, paths }, 0).length > 0, isAsset, `${path} of ${paths}`);
});
