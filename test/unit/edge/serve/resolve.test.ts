import t from 'tap';
import { requestPath } from '../../../../edge/serve/request-path.ts';
import { resolve } from '../../../../edge/serve/resolve.ts';
import type { ContentPath } from '../../../../shared/content-path.ts';
import { digestOf } from '../../../../shared/digest.ts';
import type { Entry } from '../../../../shared/entry.ts';

const entry = (path: string): Entry => ({
  path: path as ContentPath,
  digest: digestOf(path),
  size: 1,
  chunks: null,
  type: 'text/html',
  meta: [],
  time: 0,
});

/** `=path` an entry, `>folder` a redirect, `404 page` absent. */
function answer(paths: readonly string[], target: string): string {
  const site = new Map(paths.map((path) => [path, entry(path)]));
  const resolution = resolve(requestPath(target), (path) => site.get(path));
  switch (resolution.kind) {
    case 'entry':
      return `=${resolution.entry.path}`;
    case 'redirect':
      return `>${resolution.folder}`;
    case 'absent':
      return `404 ${resolution.page?.path ?? '-'}`;
  }
}

const SITE = [
  '404.html',
  '_headers',
  '_redirects',
  'about.html',
  'about/index.html',
  'blog/404.html',
  'blog/_headers',
  'blog/_redirects',
  'blog/first.html',
  'blog/index.html',
  'both',
  'both.html',
  'both/index.html',
  'deep/er/404.html',
  'deep/er/page.html',
  'index.html',
  'plain/file.txt',
  'twice.html.html',
];

const table: [target: string, expected: string][] = [
  // Every published path answers with its own bytes, never a redirect.
  ['/index.html', '=index.html'],
  ['/about.html', '=about.html'],
  ['/about/index.html', '=about/index.html'],
  ['/blog/first.html', '=blog/first.html'],
  ['/plain/file.txt', '=plain/file.txt'],
  ['/both', '=both'],
  ['/both.html', '=both.html'],
  ['/both/', '=both/index.html'],
  ['/404.html', '=404.html'],
  ['/blog/404.html', '=blog/404.html'],
  // Folders.
  ['/', '=index.html'],
  ['/blog/', '=blog/index.html'],
  ['/about/', '=about/index.html'],
  ['/plain/', '404 404.html'],
  ['/index.html/', '404 404.html'],
  // Clean URLs only add names: the page goes before the folder.
  ['/index', '=index.html'],
  ['/about', '=about.html'],
  ['/blog/first', '=blog/first.html'],
  ['/blog', '>blog'],
  ['/twice.html', '=twice.html.html'],
  ['/twice', '404 404.html'],
  ['/plain', '404 404.html'],
  ['/plain/file', '404 404.html'],
  // The configuration of the root is not served; a file of that name elsewhere is.
  ['/_headers', '404 404.html'],
  ['/_redirects', '404 404.html'],
  ['/%5Fheaders', '404 404.html'],
  ['/x/../_headers', '404 404.html'],
  ['/blog/_headers', '=blog/_headers'],
  ['/blog/_redirects', '=blog/_redirects'],
  // Case-sensitive.
  ['/INDEX.html', '404 404.html'],
  ['/Blog/', '404 404.html'],
  // The nearest page for what is absent.
  ['/nothing', '404 404.html'],
  ['/blog/nothing', '404 blog/404.html'],
  ['/blog/nothing/', '404 blog/404.html'],
  ['/blog/deep/er/nothing', '404 blog/404.html'],
  ['/deep/nothing', '404 404.html'],
  ['/deep/er/nothing', '404 deep/er/404.html'],
  ['/deep/er/', '404 deep/er/404.html'],
  ['/blogger/x', '404 404.html'],
  // What cannot be a path.
  ['///', '404 404.html'],
  ['/blog//x', '404 404.html'],
  ['/..', '404 404.html'],
];

for (const [target, expected] of table) {
  t.test(target, async (t) => {
    t.equal(answer(SITE, target), expected);
  });
}

t.test('an empty site has nothing, and no page for it', async (t) => {
  for (const target of ['/', '/a', '/a/', '/a/b/c', '/_headers', '///']) t.equal(answer([], target), '404 -');
});

t.test('a page named like the configuration is a page', async (t) => {
  t.equal(answer(['_headers.html'], '/_headers.html'), '=_headers.html');
  t.equal(answer(['_headers/index.html'], '/_headers/'), '=_headers/index.html');
});

t.test('a hidden name does not open the look-up of others', async (t) => {
  const asked: string[] = [];
  resolve(requestPath('/_headers'), (path) => {
    asked.push(path);
    return undefined;
  });
  t.notOk(asked.includes('_headers'));
});
