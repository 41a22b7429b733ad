import t from 'tap';
import type { SiteView } from '../../../../../edge/messages/views.ts';
import { hostName, siteSelection as selectionOf } from '../../../../../edge/serve/site/site-selection.ts';

const view = (id: number, name: string, domains: readonly string[] = []): SiteView => ({
  id,
  name,
  domains,
  revision: 1,
  prefixes: null,
  needsLease: false,
  former: { revisions: [], paths: null, purges: [], beside: null },
  private: null,
  alias: null,
  aliasSuffixes: [],
  trial: null,
});

/** Answered by its view, of which the name tells. */
const siteSelection = (views: readonly SiteView[]) => selectionOf(views, (view) => view);

t.test('host names', async (t) => {
  const table: [string | undefined, string][] = [
    [undefined, ''],
    ['', ''],
    ['example.com', 'example.com'],
    ['EXAMPLE.com', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com:', 'example.com'],
    ['example.com.', 'example.com'],
    ['Example.Com.:443', 'example.com'],
    ['localhost:7501', 'localhost'],
    ['[::1]:7500', '[::1]'],
    ['[::1]', '[::1]'],
    ['127.0.0.1:80', '127.0.0.1'],
  ];
  for (const [host, expected] of table) t.equal(hostName(host), expected, `${host}`);
});

t.test('several sites are told apart by their hosts alone', async (t) => {
  const { find } = siteSelection([
    view(1, 'one', ['one.example', 'www.one.example']),
    view(2, 'two', ['two.example']),
    view(3, 'three'),
  ]);
  const table: [string | undefined, string | undefined][] = [
    ['one.example', 'one'],
    ['www.one.example', 'one'],
    ['WWW.ONE.EXAMPLE:7500', 'one'],
    ['two.example', 'two'],
    ['two.example.', 'two'],
    ['one.localhost', 'one'],
    ['two.localhost:7501', 'two'],
    ['three.localhost', 'three'],
    ['localhost', undefined],
    ['three', undefined],
    ['three.example', undefined],
    ['sub.two.example', undefined],
    ['x.three.localhost', undefined],
    ['two.example.evil', undefined],
    ['constructor', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [host, expected] of table) t.equal(find(host)?.name, expected, `${host}`);
});

t.test('the only site answers for every host', async (t) => {
  const { find } = siteSelection([view(1, 'one', ['one.example'])]);
  for (const host of ['one.example', 'one.localhost', '127.0.0.1:7501', 'other.example', '', undefined])
    t.equal(find(host)?.name, 'one', `${host}`);
});

t.test('wildcard domains: any depth, the longest, and after exact ones', async (t) => {
  const { find } = siteSelection([
    view(1, 'all', ['*.example']),
    view(2, 'shop', ['*.shop.example']),
    view(3, 'one', ['a.shop.example']),
  ]);
  const table: [string, string | undefined][] = [
    ['x.example', 'all'],
    ['x.y.example:80', 'all'],
    ['shop.example', 'all'],
    ['b.shop.example', 'shop'],
    ['c.b.shop.example', 'shop'],
    ['a.shop.example', 'one'],
    ['b.a.shop.example', 'shop'],
    ['example', undefined],
    ['notexample', undefined],
    ['*.example', 'all'],
  ];
  for (const [host, expected] of table) t.equal(find(host)?.name, expected, host);
});

t.test('<site>.localhost is the site, whatever domains another one claims', async (t) => {
  const { find } = siteSelection([view(1, 'one', ['two.localhost']), view(2, 'two')]);
  t.equal(find('two.localhost')?.name, 'two');
});

t.test('the older of two sites with the same names has them', async (t) => {
  const older = view(1, 'older', ['a.example', '*.b.example']);
  const newer = view(2, 'newer', ['a.example', '*.b.example']);
  for (const views of [
    [older, newer],
    [newer, older],
  ])
    for (const host of ['a.example', 'x.b.example']) t.equal(siteSelection(views).find(host)?.name, 'older');
});

t.test('no site answers for none', async (t) => {
  t.equal(siteSelection([]).find('one.localhost'), undefined);
});

t.test('the view that is found is the one that was given', async (t) => {
  const views = [view(1, 'one'), { ...view(2, 'two'), revision: 7 }];
  t.equal(siteSelection(views).find('two.localhost'), views[1]);
});

t.test('an alias answers under its own hosts alone', async (t) => {
  const suffixes = ['.preview.example', '--www.docs.example', '--docs.localhost'];
  const docs = { ...view(1, 'docs', ['www.docs.example']), aliasSuffixes: suffixes };
  const draft: SiteView = {
    ...docs,
    revision: 2,
    domains: ['pr-1.preview.example', 'pr-1--www.docs.example', 'pr-1--docs.localhost'],
    alias: { name: 'pr-1', expires: 1 },
  };
  const { find } = siteSelection([docs, draft]);
  for (const host of draft.domains) t.equal(find(host)?.revision, 2, host);
  for (const host of ['docs.localhost', 'www.docs.example', 'anything.example', undefined])
    t.equal(find(host)?.revision, 1, `${host}: the only site answers for all other hosts`);
  for (const suffix of suffixes) t.equal(find(`pr-2${suffix}`), undefined, `there is no pr-2${suffix}`);
});

t.test('an alias takes no host from a site', async (t) => {
  const other = view(2, 'pr-1--docs', ['pr-2.preview.example']);
  const draft: SiteView = {
    ...view(1, 'docs', ['pr-1--docs.localhost', 'pr-2.preview.example']),
    alias: { name: 'pr-1', expires: 1 },
  };
  const { find } = siteSelection([other, draft, view(1, 'docs')]);
  t.equal(find('pr-1--docs.localhost')?.id, 2);
  t.equal(find('pr-2.preview.example')?.id, 2);
});
