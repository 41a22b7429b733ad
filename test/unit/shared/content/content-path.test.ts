import t from 'tap';
import { isContentPath, pathFault } from '../../../../shared/content/content-path.ts';

const refused: [string, RegExp][] = [
  ['', /empty/],
  ['/', /absolute/],
  ['/index.html', /absolute/],
  ['//host/share', /absolute/],
  ['..', /"\.\." segment/],
  ['../a', /"\.\." segment/],
  ['a/../b', /"\.\." segment/],
  ['a/..', /"\.\." segment/],
  ['.', /"\." segment/],
  ['./a', /"\." segment/],
  ['a/./b', /"\." segment/],
  ['a/.', /"\." segment/],
  ['a//b', /empty segment/],
  ['a/', /empty segment/],
  ['a\\b', /backslash/],
  ['..\\a', /backslash/],
  ['C:\\a', /backslash/],
  ['a\0b', /control/],
  ['a\nb', /control/],
  ['a\tb', /control/],
  ['a\x1fb', /control/],
  ['a\x7fb', /control/],
  ['a\ud800', /well-formed/],
  ['\udc00a', /well-formed/],
];

for (const [path, reason] of refused) {
  t.test(`refuses ${JSON.stringify(path)}`, async (t) => {
    t.match(pathFault(path), reason);
    t.equal(isContentPath(path), false);
  });
}

const accepted = [
  'index.html',
  'a/b/c.txt',
  'with space.txt',
  ' leading and trailing ',
  '100%.txt',
  '%2e%2e/a',
  'a#b',
  'what?.html',
  'a:b',
  'a&b=c;d',
  '.well-known/security.txt',
  '.htaccess',
  '...',
  '..a',
  'a..',
  'a/...b',
  '_headers',
  'README',
  'readme',
  '日本語/ファイル.txt',
  '🏝.svg',
  'a\u0080b',
  'a\u00a0b',
];

for (const path of accepted) {
  t.test(`accepts ${JSON.stringify(path)}`, async (t) => {
    t.equal(pathFault(path), undefined);
    t.equal(isContentPath(path), true);
  });
}

t.test('keeps both normal forms of a name apart and accepts both', async (t) => {
  const [nfc, nfd] = ['é.txt'.normalize('NFC'), 'é.txt'.normalize('NFD')];
  t.not(nfc, nfd);
  t.equal(isContentPath(nfc), true);
  t.equal(isContentPath(nfd), true);
});

t.test('a segment has up to 255 bytes of UTF-8', async (t) => {
  t.equal(pathFault('n'.repeat(200)), undefined);
  t.equal(pathFault('n'.repeat(255)), undefined);
  t.match(pathFault('n'.repeat(256)), /segment longer than 255 bytes/);
  t.match(pathFault(`a/${'n'.repeat(256)}/b`), /segment longer than 255 bytes/);
  t.equal(pathFault(`${'ö'.repeat(127)}n`), undefined, '255 bytes in 128 characters');
  t.match(pathFault('ö'.repeat(128)), /segment longer than 255 bytes/, '256 bytes in 128 characters');
});

t.test('a path has up to 1024 bytes of UTF-8', async (t) => {
  const most = ['n'.repeat(255), 'n'.repeat(255), 'n'.repeat(255), 'n'.repeat(254), 'x'].join('/');
  t.equal(Buffer.byteLength(most), 1024);
  t.equal(pathFault(most), undefined);
  t.match(pathFault(`${most}x`), /longer than 1024 bytes/);
  t.match(pathFault('ö/'.repeat(342).slice(0, -1)), /longer than 1024 bytes/, 'counted in bytes');
});
