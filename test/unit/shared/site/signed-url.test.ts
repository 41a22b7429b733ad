import t from 'tap';
import { generateSigningKey, signingKeyToPem } from '../../../../shared/signing/keys.ts';
import {
  ACCESS_KEY_PATTERN,
  accessKey,
  admits,
  signAccess,
  withoutTokens,
} from '../../../../shared/site/signed-url.ts';

const key = generateSigningKey();
const next = generateSigningKey();
const now = 1_000_000_000_000;
const access = { path: '/video/a.mp4', expires: now / 1000 + 60, client: null };
const check = { keys: [accessKey(key)], path: '/video/a.mp4', client: '10.0.0.1', now };
const token = signAccess(access, key);

t.test('who is let in', async (t) => {
  const folder = signAccess({ ...access, path: '/video/' }, key);
  const mine = signAccess({ ...access, client: '10.0.0.1' }, key);
  const six = signAccess({ ...access, client: '2001:db8::1' }, key);
  const table: [what: string, token: string | undefined, check: Partial<typeof check>, admitted: boolean][] =
    [
      ['the path', token, {}, true],
      ['another path', token, { path: '/video/b.mp4' }, false],
      ['a path that begins so', token, { path: '/video/a.mp4x' }, false],
      ['what is below', folder, { path: '/video/sub/b.mp4' }, true],
      ['the folder itself', folder, { path: '/video/' }, true],
      ['a folder that begins so', folder, { path: '/videos/b.mp4' }, false],
      ['just in time', token, { now: now + 59_999 }, true],
      ['too late', token, { now: now + 60_000 }, false],
      ['the right client', mine, {}, true],
      ['the same, mapped to IPv6', mine, { client: '::ffff:10.0.0.1' }, true],
      ['another client', mine, { client: '10.0.0.2' }, false],
      ['an IPv6 client', six, { client: '2001:db8::1' }, true],
      ['a second key', signAccess(access, next), { keys: [accessKey(key), accessKey(next)] }, true],
      ['a key that is gone', token, { keys: [accessKey(next)] }, false],
      ['no key', token, { keys: [] }, false],
      ['nothing', undefined, {}, false],
      ['nonsense', 'a.b.c.d', {}, false],
      [
        'later than signed',
        token.replace(/^\d+/, (expires) => String(Number(expires) + 1)),
        { now: now + 60_000 },
        false,
      ],
      [
        'more than signed',
        [token.split('.')[0], Buffer.from('/').toString('base64url'), ...token.split('.').slice(2)].join('.'),
        {},
        false,
      ],
      [
        'not for this client alone any more',
        mine.replace(/\.[\w-]+(\.[\w-]{86})$/, '.$1'),
        { client: '10.0.0.2' },
        false,
      ],
      ['with more behind it', `${token}x`, {}, false],
    ];
  for (const [what, text, changes, admitted] of table)
    t.equal(admits(text, { ...check, ...changes }), admitted, what);
});

t.test('no bit of a token can be changed', async (t) => {
  for (let i = 0; i < token.length; i++) {
    const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
    // The last character of base64url has bits that say nothing.
    if (i !== token.length - 1) t.notOk(admits(changed, check), `${i}`);
  }
});

t.test('a private key is no public one', async (t) => {
  const pattern = new RegExp(ACCESS_KEY_PATTERN);
  t.match(accessKey(key), pattern);
  const der = signingKeyToPem(key).replaceAll(/-----.*-----|\n/g, '');
  t.notMatch(der, pattern);
  t.notMatch(Buffer.from(der, 'base64').toString('base64url'), pattern);
  t.notMatch(key.privateKey.export({ format: 'jwk' }).d, pattern);
});

t.test('an address without its tokens', async (t) => {
  const table: [address: string, shown: string][] = [
    ['/a', '/a'],
    ['/a?b=c&d', '/a?b=c&d'],
    [`/a?skerry-token=${token}`, '/a?skerry-token=cut'],
    [`/a?b=c&skerry-token=${token}&d=e`, '/a?b=c&skerry-token=cut&d=e'],
    [`/a?skerry-token=1&skerry-token=2`, '/a?skerry-token=cut&skerry-token=cut'],
    [`/a?%73kerry%2Dtoken=${token}`, '/a?skerry-token=cut'],
    [`https://a.example/b?skerry-token=${token}`, 'https://a.example/b?skerry-token=cut'],
    ['/a?%zz=1&skerry-tokens=2', '/a?%zz=1&skerry-tokens=2'],
    [`/a?b?skerry-token=1`, '/a?b?skerry-token=1'],
  ];
  for (const [address, shown] of table) t.equal(withoutTokens(address), shown);
});
