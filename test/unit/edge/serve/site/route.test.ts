import t from 'tap';
import { requestPath } from '../../../../../edge/serve/http/request-path.ts';
import { route } from '../../../../../edge/serve/site/route.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { siteRules } from '../../../../../shared/site/rules/site-rules.ts';

const entry = (path: string): Entry => ({
  path: path as ContentPath,
  digest: digestOf(path),
  size: 1,
  chunks: null,
  type: 'text/html',
  meta: [],
  time: 0,
});

/** `=path` an entry, with its status unless it is 200, `>location` a redirect with its status, `404 -` nothing. */
function answer(
  paths: readonly string[],
  target: string,
  redirects = '',
  former: readonly string[] = [],
): string {
  const site = new Map(paths.map((path) => [path, entry(path)]));
  const [, query = ''] = /^[^?]*(\?.*)$/.exec(target) ?? [];
  const request = requestPath(target);
  const routed = route(request, query, {
    rules: siteRules('', redirects),
    lookup: (path) => site.get(path),
    formerAsset: () =>
      request.kind === 'file' && former.includes(request.path)
        ? { entry: entry(request.path), revision: 1 }
        : undefined,
  });
  switch (routed.kind) {
    case 'entry': {
      const found = `${routed.status === 200 ? '=' : `${routed.status} `}${routed.entry.path}`;
      return routed.revision === undefined ? found : `${found}@${routed.revision}`;
    }
    case 'redirect':
      return `${routed.status === 301 ? '' : routed.status}>${routed.location}`;
    case 'too-long':
      return '414';
    case 'absent':
      return '404 -';
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
  ['/blog', '>/blog/'],
  ['/blog?a=1', '>/blog/?a=1'],
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
  route(requestPath('/_headers'), '', {
    rules: siteRules('', ''),
    lookup(path) {
      asked.push(path);
      return undefined;
    },
    formerAsset: () => undefined,
  });
  t.notOk(asked.includes('_headers'));
});

t.test('redirect rules', async (t) => {
  const redirects = `
/old        /new
/moved      /first   302
/moved      /second
/query      /to?fixed=1
/part       /to#part  308
/about.html /elsewhere
/forced/*   /to/:splat  307!
/docs/:page /handbook/:page  303
/ext/*      https://example.com/base/:splat
/bare/*     :splat
/up/*       /:splat
/gone       /404.html  410
/secret/*   /blog/404.html  404!
/app/*      /index.html  200
/one        /blog/first  200
/feed.xml   /index.html  200
/missing    /nowhere  200
/folder     /blog/  200
/a%20b      /c%20d
/shadowed/* /x/:splat
`;
  const table: [string, string][] = [
    ['/old', '>/new'],
    ['/old/', '>/new'],
    ['/old?x=1&y', '>/new?x=1&y'],
    ['/moved', '302>/first'],
    ['/query?x=1', '>/to?fixed=1'],
    ['/part?x=1', '308>/to?x=1#part'],
    // What is published goes before a rule that is not forced.
    ['/about.html', '=about.html'],
    ['/forced/file', '307>/to/file'],
    ['/docs/intro', '303>/handbook/intro'],
    ['/docs/a%2Fb', '404 404.html'],
    ['/docs/a/b', '404 404.html'],
    ['/docs/%C3%A9%20%3F', '303>/handbook/%C3%A9%20%3F'],
    ['/ext/a/b?c', '>https://example.com/base/a/b?c'],
    ['/ext/..%2f..%2fx', '404 404.html'],
    ['/bare/x', '404 404.html'],
    // No result names another host.
    ['/up/example.org', '>/example.org'],
    ['/up//example.org', '>/example.org'],
    ['/up/%2Fexample.org', '>/example.org'],
    ['/up/%5Cexample.org', '>/%5Cexample.org'],
    ['/up/%0d%0aSet-Cookie:x', '>/%0D%0ASet-Cookie%3Ax'],
    ['/gone', '410 404.html'],
    ['/secret/x', '404 blog/404.html'],
    ['/app/', '=index.html'],
    ['/app/user/42', '=index.html'],
    ['/app/user/v1.2', '=index.html'],
    ['/app/mail/joe@example.com', '=index.html'],
    ['/app/page.html', '=index.html'],
    // A missing asset is not answered with a page.
    ['/app/main.js', '404 404.html'],
    ['/app/logo.png', '404 404.html'],
    ['/app/setup.exe', '404 404.html'],
    // Unless the rule names it.
    ['/feed.xml', '=index.html'],
    ['/one', '=blog/first.html'],
    ['/missing', '404 404.html'],
    ['/folder', '=blog/index.html'],
    ['/a%20b', '>/c%20d'],
  ];
  for (const [target, expected] of table) t.equal(answer(SITE, target, redirects), expected, target);
});

t.test('an asset of an older revision goes before rules and after what is published', async (t) => {
  const former = ['app.3f2a9bc1.js', 'index.html'];
  const redirects = '/* /plain/file.txt 302';
  t.equal(answer(SITE, '/app.3f2a9bc1.js', redirects, former), '=app.3f2a9bc1.js@1');
  t.equal(answer(SITE, '/index.html', redirects, former), '=index.html');
  t.equal(answer(SITE, '/other.3f2a9bc1.js', redirects, former), '302>/plain/file.txt');
  t.equal(answer(SITE, '/app.3f2a9bc1.js', '/* /x 302!', former), '302>/x');
});

t.test('a path that cannot be published can still be redirected', async (t) => {
  t.equal(answer(SITE, '/a//b', '/a/* /c/:splat'), '>/c//b');
  t.equal(answer(SITE, '/..', '/* /c 301!'), '404 404.html');
});

t.test('a request that is deep costs no more looks into the catalog than one that is not', async (t) => {
  const asked: string[] = [];
  const lookup = (path: ContentPath) => {
    asked.push(path);
    return path === 'a/404.html' ? entry(path) : undefined;
  };
  const target = `/${'a/'.repeat(500)}b`;
  const routed = route(requestPath(target), '', {
    rules: siteRules('', ''),
    lookup,
    formerAsset: () => undefined,
  });
  t.match(routed, { kind: 'entry', status: 404, entry: { path: 'a/404.html' } });
  t.ok(asked.length <= 20, `${asked.length} looks`);
});
