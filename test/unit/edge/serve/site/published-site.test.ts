import t from 'tap';
import type { SiteView } from '../../../../../edge/messages/views.ts';
import type { Body } from '../../../../../edge/serve/bytes/body.ts';
import type { FoundBytes } from '../../../../../edge/serve/bytes/read-through-bodies.ts';
import type { Representation } from '../../../../../edge/serve/http/representation.ts';
import type { ReaderHeaders } from '../../../../../edge/serve/site/decide.ts';
import { PublishedSite } from '../../../../../edge/serve/site/published-site.ts';
import type { SiteAnswer } from '../../../../../edge/serve/site/site-handler.ts';
import type { Variant } from '../../../../../edge/variants/variant.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { type ErrorCode, SkerryError } from '../../../../../shared/errors.ts';
import { siteRules } from '../../../../../shared/site/rules/site-rules.ts';

const VIEW: SiteView = {
  ...{
    id: 1,
    name: 'www',
    domains: [],
    revision: 7,
    prefixes: null,
    needsLease: false,
    private: null,
    alias: null,
    aliasSuffixes: [],
    trial: null,
  },
  former: { revisions: [], paths: null, purges: [], beside: null },
};
const CONTENTS: Record<string, string> = { 'a.css': 'a'.repeat(1000), '404.html': 'nothing here' };
const BR: Variant = { coding: 'br', size: 10, digest: digestOf('br') };
const reader = { client: 'a', gone: () => new Promise<void>(() => {}) };
const body: Body = { kind: 'bytes', bytes: Buffer.from('x'), cache: { kind: 'hit', tier: 'disk' } };
const refused = (code: ErrorCode): FoundBytes => ({ kind: 'refused', error: new SkerryError(code, 'no') });

function entryOf(path: string): Entry | undefined {
  const content = CONTENTS[path];
  if (content === undefined) return undefined;
  const type = path.endsWith('.css') ? 'text/css' : 'text/html';
  const named = { path: path as ContentPath, digest: digestOf(content), size: content.length };
  return { ...named, chunks: null, type, meta: [], time: 0 };
}

interface Given {
  readonly view?: Partial<SiteView>;
  readonly find?: (representation: Representation) => FoundBytes;
  readonly isHeld?: boolean;
  readonly hasRules?: boolean;
}

function world({ view = {}, find = () => body, isHeld = false, hasRules = true }: Given = {}) {
  const lease = { isHeld };
  const logged: string[] = [];
  const site = new PublishedSite(
    { ...VIEW, ...view },
    {
      content: {
        entry: (_site, _revision, path) => entryOf(path),
        entryAmong: () => undefined,
        variants: (_site, _revision, { path }) => (path === 'a.css' ? [BR] : []),
        lookUp: () => body,
        bytes: () => undefined,
      },
      bodies: { find },
      rules: { at: () => (hasRules ? siteRules('', '') : undefined) },
      time: { now: () => 0 },
      lease,
      log: {
        error: (_: unknown, text?: string) => logged.push(`error: ${text}`),
        debug: (_: unknown, text?: string) => logged.push(`debug: ${text}`),
      },
    },
  );
  const get = (target: string, headers: ReaderHeaders = {}, method = 'GET') =>
    site.answer({ method, target, headers, client: '10.0.0.1' });
  const prepared = (target: string) => site.prepared({ method: 'GET', target, headers: {}, client: '' });
  return { get, prepared, lease, logged };
}

/** What is sent at last, and how often it was another answer instead. */
async function sent(answer: SiteAnswer): Promise<{ answer: SiteAnswer; body?: Body; instead: number }> {
  for (let instead = 0; ; instead++) {
    if (answer.body.kind === 'none' || answer.body.kind === 'text') return { answer, instead };
    const opened = await answer.body.representation.open(undefined, reader);
    if (opened.kind !== 'instead') return { answer, body: opened, instead };
    answer = opened.answer;
  }
}

t.test('a file, whose bytes are found when they are asked for', async (t) => {
  const { get } = world();
  const first = get('/a.css', { 'accept-encoding': 'br' });
  t.match(first, { status: 200, headers: { 'content-encoding': 'br', 'content-length': '10' } });
  const { answer, body: opened, instead } = await sent(first);
  t.equal(answer, first);
  t.equal(opened, body);
  t.equal(instead, 0);
});

t.test('the plain bytes instead of a variant that has made room for others', async (t) => {
  const { get } = world({ find: ({ coding }) => (coding === undefined ? body : { kind: 'gone' }) });
  const { answer, instead } = await sent(get('/a.css', { 'accept-encoding': 'br' }));
  t.match(answer, { status: 200, headers: { 'content-length': '1000' } });
  t.notOk(answer.headers['content-encoding']);
  t.equal(instead, 1);
});

t.test('bytes that do not come', async (t) => {
  const table: [ErrorCode, target: string, status: number, text: string, log: string[]][] = [
    [
      'unavailable',
      '/a.css',
      503,
      'This edge cannot fetch the file now\n',
      ['debug: an object could not be fetched'],
    ],
    [
      'too-many-misses',
      '/a.css',
      429,
      'Too many of your requests wait for objects that this edge does not hold\n',
      [],
    ],
    ['unavailable', '/missing', 404, 'Not found\n', []],
    ['too-many-misses', '/missing', 404, 'Not found\n', []],
  ];
  for (const [code, target, status, text, log] of table) {
    const { get, logged } = world({ find: () => refused(code) });
    const { answer } = await sent(get(target));
    t.match(answer, { status, body: { kind: 'text', text } }, `${code} ${target}`);
    if (status !== 404) t.match(answer.headers, { 'retry-after': '5', 'cache-status': 'Skerry; fwd=miss' });
    t.strictSame(logged, log);
  }
});

t.test('a variant that is gone, of bytes that do not come', async (t) => {
  const { get } = world({
    find: ({ coding }) => (coding === undefined ? refused('unavailable') : { kind: 'gone' }),
  });
  const { answer, instead } = await sent(get('/a.css', { 'accept-encoding': 'br' }));
  t.equal(answer.status, 503);
  t.equal(instead, 2);
});

t.test(
  'nothing is served without the rules of the site, before its first revision, or without its lease',
  (t) => {
    const table: [Given, text: string, seconds: string][] = [
      [{ hasRules: false }, 'Being repaired\n', '5'],
      [{ view: { revision: 0 } }, 'Nothing has been published here yet\n', '1'],
      [{ view: { needsLease: true } }, 'This edge has lost its origin and may be behind\n', '1'],
    ];
    for (const [given, text, seconds] of table) {
      const { get, prepared } = world(given);
      const expected = { status: 503, headers: { 'retry-after': seconds }, body: { kind: 'text', text } };
      t.match(get('/a.css'), expected);
      t.equal(prepared('/a.css'), undefined);
    }
    t.equal(world({ view: { revision: 0 } }).get('/a.css', {}, 'HEAD').body.kind, 'none');
    t.strictSame(world({ hasRules: false }).prepared('/a.css'), undefined);
    t.end();
  },
);

t.test('what is prepared is what is answered, and may be given as long as there is a lease', (t) => {
  const { get, prepared, lease } = world({ view: { needsLease: true }, isHeld: true });
  const ready = prepared('/a.css');
  t.match(ready, { status: 200, body: body.kind === 'bytes' ? body.bytes : undefined });
  const { 'cache-status': cache, ...headers } = ready?.headers ?? {};
  t.equal(cache, 'Skerry; hit; detail=memory');
  t.strictSame(headers, get('/a.css').headers);
  t.equal(ready?.mayBeGiven(), true);
  lease.isHeld = false;
  t.equal(ready?.mayBeGiven(), false);
  t.end();
});

t.test('only pages that are there, for everybody, are prepared', (t) => {
  t.equal(world().prepared('/missing'), undefined);
  t.equal(world({ view: { private: { keys: [], paths: ['/x/*'] } } }).prepared('/a.css'), undefined);
  t.end();
});
