import t from 'tap';
import { AliasSite, countedAs } from '../../../../../edge/serve/site/alias-site.ts';
import type { PublishedSite } from '../../../../../edge/serve/site/published-site.ts';
import type { SiteAnswer } from '../../../../../edge/serve/site/site-handler.ts';

const request = { method: 'GET', target: '/', headers: {}, client: '127.0.0.1' };
const reader = { left: async () => {} } as never;

function world(answer: SiteAnswer) {
  let now = 0;
  const prepared = {
    status: 200,
    headers: {},
    body: Buffer.from('a'),
    source: undefined,
    mayBeGiven: () => true,
  };
  const site = { name: 'docs', answer: () => answer, prepared: () => prepared } as unknown as PublishedSite;
  return {
    alias: new AliasSite(site, 100, { now: () => now }),
    pass(to: number) {
      now = to;
    },
  };
}

t.test('every answer says that it is not to be listed, also one that is sent instead', async (t) => {
  const instead = { kind: 'instead', answer: { status: 404, headers: {}, body: { kind: 'none' } } } as const;
  const { alias } = world({
    status: 200,
    headers: { etag: '"a"' },
    body: { kind: 'bytes', representation: { size: 1, open: () => instead }, range: undefined },
  });
  const { headers, body } = alias.answer(request);
  t.strictSame(headers, { etag: '"a"', 'x-robots-tag': 'noindex' });
  if (body.kind !== 'bytes') throw new Error('it has bytes');
  t.match(await body.representation.open(undefined, reader), {
    answer: { status: 404, headers: { 'x-robots-tag': 'noindex' } },
  });
  t.match(alias.prepared(request), { headers: { 'x-robots-tag': 'noindex' } });
});

t.test('nothing is answered after it expired, on no lane', async (t) => {
  const { alias, pass } = world({ status: 200, headers: {}, body: { kind: 'none' } });
  const prepared = alias.prepared(request);
  pass(99);
  t.equal(alias.answer(request).status, 200);
  t.equal(prepared?.mayBeGiven(), true);
  pass(100);
  t.equal(alias.answer(request).status, 404);
  t.equal(prepared?.mayBeGiven(), false);
});

t.test('all aliases of a site are counted together, apart from the site', async (t) => {
  const view = { id: 1, name: 'docs', revision: 3 };
  t.strictSame(countedAs({ ...view, alias: null } as never), { name: 'docs', revision: 3 });
  t.equal(countedAs({ ...view, alias: { name: 'pr-1', expires: 1 } } as never).name, '*--docs');
  t.equal(world({ status: 200, headers: {}, body: { kind: 'none' } }).alias.name, '*--docs');
});
