import t from 'tap';
import { encodePath, type RequestPath, requestPath } from '../../../../../edge/serve/http/request-path.ts';
import {
  type ContentPath,
  isContentPath,
  MAX_PATH_BYTES,
} from '../../../../../shared/content/content-path.ts';

const file = (path: string): RequestPath => ({ kind: 'file', path: path as ContentPath, text: `/${path}` });
const folder = (path: string): RequestPath => ({
  kind: 'folder',
  path: path as ContentPath,
  text: path === '' ? '/' : `/${path}/`,
});
const unpublishable = 'unpublishable';
const malformed: RequestPath = { kind: 'malformed' };

const table: [target: string, RequestPath | 'unpublishable'][] = [
  // Plain ones.
  ['/', folder('')],
  ['/a', file('a')],
  ['/a/', folder('a')],
  ['/a/b.html', file('a/b.html')],
  ['/a/b/', folder('a/b')],
  ['/.well-known/x', file('.well-known/x')],
  ['/...', file('...')],
  ['/a..b', file('a..b')],
  ['/..a', file('..a')],
  // The query is no part of the path, wherever its slashes and dots are.
  ['/a?', file('a')],
  ['/a?b=/../c', file('a')],
  ['/?x', folder('')],
  ['/a/?x?y', folder('a')],
  // Decoded once.
  ['/%61', file('a')],
  ['/a%20b', file('a b')],
  ['/a+b', file('a+b')],
  ['/%C3%A9', file('é')],
  ['/é', file('é')],
  ['/e%CC%81', file('e\u0301')],
  ['/a%3Fb', file('a?b')],
  ['/a%23b', file('a#b')],
  ['/100%25', file('100%')],
  ['/%2561', file('%61')],
  ['/%252e%252e/a', file('%2e%2e/a')],
  ['/%252e%252e%252fa', file('%2e%2e%2fa')],
  ['/%252F', file('%2F')],
  ['/%2500', file('%00')],
  // An encoded slash is a slash.
  ['/a%2Fb', file('a/b')],
  ['/a%2fb', file('a/b')],
  ['/a%2F', folder('a')],
  // Dot segments are removed, also encoded ones.
  ['/.', folder('')],
  ['/./', folder('')],
  ['/a/.', folder('a')],
  ['/a/./b', file('a/b')],
  ['/a/..', folder('')],
  ['/a/../', folder('')],
  ['/a/../b', file('b')],
  ['/a/b/..', folder('a')],
  ['/a/b/../..', folder('')],
  ['/a/b/../../c', file('c')],
  ['/a/%2e%2e/b', file('b')],
  ['/a/%2E%2e/b', file('b')],
  ['/a/.%2e/b', file('b')],
  ['/a/%2e/b', file('a/b')],
  ['/a/%2e%2e%2fb', file('b')],
  ['/a%2F..%2Fb', file('b')],
  // None climbs out.
  ['/..', malformed],
  ['/../', malformed],
  ['/../a', malformed],
  ['/%2e%2e', malformed],
  ['/%2e%2e/a', malformed],
  ['/%2E%2E%2Fa', malformed],
  ['/..%2fa', malformed],
  ['/a/../../b', malformed],
  ['/a/%2e%2e/%2e%2e/b', malformed],
  ['/a/../../a', malformed],
  ['/./..', malformed],
  // What cannot be decoded, and NUL.
  ['/%', malformed],
  ['/%4', malformed],
  ['/%zz', malformed],
  ['/%ff', malformed],
  ['/%C3', malformed],
  ['/%C0%AE%C0%AE/', malformed],
  ['/%ED%A0%80', malformed],
  ['/%00', malformed],
  ['/a%00.html', malformed],
  ['/a/%00/../b', malformed],
  // Not in origin form.
  ['', malformed],
  ['a', malformed],
  ['*', malformed],
  ['?', malformed],
  ['http://example.com/a', malformed],
  ['example.com:443', malformed],
  ['%2Fa', malformed],
  // Well-formed, but no such name is ever published.
  ['///', unpublishable],
  ['//a', unpublishable],
  ['/a//b', unpublishable],
  ['/a//', unpublishable],
  ['/%2Fa', unpublishable],
  ['/\\a', unpublishable],
  ['/a\\b', unpublishable],
  ['/a%5Cb', unpublishable],
  ['/..\\a', unpublishable],
  ['/..%5c..%5ca', unpublishable],
  ['/a%0Ab', unpublishable],
  ['/a%0D%0Ab', unpublishable],
  ['/a%7F', unpublishable],
  ['/a%09', unpublishable],
  [`/${'a'.repeat(256)}`, unpublishable],
  [`/${'a/'.repeat(MAX_PATH_BYTES)}b`, unpublishable],
];

for (const [target, expected] of table) {
  t.test(JSON.stringify(target.slice(0, 60)), async (t) => {
    const read = requestPath(target);
    if (expected === 'unpublishable') t.equal(read.kind, expected);
    else t.strictSame(read, expected);
  });
}

t.test('an empty segment is no name, not even at the root', async (t) => {
  // `/a//` and `///` are unpublishable, these become the root itself.
  for (const target of ['//', '/%2F', '/a/..//', '/.//'])
    t.equal(requestPath(target).kind, unpublishable, target);
});

t.test('whatever is asked for, only paths that can be published come out', async (t) => {
  const pieces = ['', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', '\\', '%00', 'a', '%25', '?', '%', 'é', '/'];
  let accepted = 0;
  for (const a of pieces)
    for (const b of pieces)
      for (const c of pieces)
        for (const separator of ['/', '']) {
          const target = `/${[a, b, c].join(separator)}`;
          const read = requestPath(target);
          if (read.kind !== 'file' && read.kind !== 'folder') continue;
          accepted++;
          if (read.kind === 'folder' && read.path === '') continue;
          if (!isContentPath(read.path)) t.fail(`${target} became ${read.path}`);
        }
  t.ok(accepted > 100, `${accepted} were accepted`);
});

t.test('a published path, encoded, leads to itself', async (t) => {
  for (const path of ['a', 'a/b', 'a b?c#d%e', '%2e%2e/a', '100%', 'é/ö', '...', 'a&b=c;d', '_headers']) {
    t.strictSame(requestPath(encodePath(path)), file(path), path);
  }
});

t.test('an encoded path begins with one slash', async (t) => {
  t.equal(encodePath('a/b c'), '/a/b%20c');
  t.equal(encodePath(''), '/');
  t.equal(encodePath('/evil.example'), '/evil.example', 'never the //host of another server');
  t.equal(encodePath('//evil.example'), '/evil.example');
  t.equal(encodePath('a\r\nb'), '/a%0D%0Ab');
});
