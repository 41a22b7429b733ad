import type { FastifyRequest } from 'fastify';
import t from 'tap';
import { FailedAttempts } from '../../../../origin/access/failed-attempts.ts';
import { type Need, permits } from '../../../../origin/access/permission.ts';
import { parseScopes } from '../../../../origin/access/scopes.ts';
import { type Authenticator, authorize } from '../../../../origin/api/authorize.ts';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';
import type { StoredToken } from '../../../../origin/catalog/token-calls.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { secretHash } from '../../../../shared/wire/join-proof.ts';

const NOW = 1_700_000_000_000;
const clock: Clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };
const ID = 'a1b2c3d4e5f6';
const SECRET = 'x'.repeat(32);
const TOKEN = `sk_${ID}.${SECRET}`;

const STORED: StoredToken = {
  ...{ id: ID, secretHash: secretHash(SECRET), scope: '', edge: null, mayRead: null, replaces: null },
  ...{ created: 0, expires: null, revoked: false, used: null, usedBy: null },
};

/** A catalog with one token of this scope, that notes what it is asked. */
function catalogWith(scope: string | undefined, changes: Partial<StoredToken> = {}) {
  const asked: unknown[] = [];
  const catalog: Pick<Catalog, 'token'> = {
    async token(id) {
      asked.push(id);
      return id === ID && scope !== undefined ? { ...STORED, scope, ...changes } : undefined;
    },
  };
  return { catalog, asked };
}

const by = (catalog: Pick<Catalog, 'token'>, attempts = new FailedAttempts(clock)): Authenticator => ({
  ...{ catalog, clock, attempts },
  tokenUse: { used: () => {} },
});

const request = (authorization: string | undefined) =>
  ({ client: '192.0.2.1', headers: authorization === undefined ? {} : { authorization } }) as FastifyRequest;

const NEEDS = {
  admin: { kind: 'admin' },
  read: { kind: 'read' },
  overview: { kind: 'overview' },
  readOne: { kind: 'read-site', site: 'one' },
  readTwo: { kind: 'read-site', site: 'two' },
  publishOne: { kind: 'publish', site: 'one' },
  publishTwo: { kind: 'publish', site: 'two' },
  uploadOne: { kind: 'upload', site: 'one' },
  changeBlog: { kind: 'change', site: 'one', path: 'blog/a.html' },
  changeBlogger: { kind: 'change', site: 'one', path: 'blogger.html' },
  aliasPr: { kind: 'alias', site: 'one', alias: 'pr-12' },
  aliasPress: { kind: 'alias', site: 'one', alias: 'press' },
} as const satisfies Record<string, Need>;

const ONE = ['uploadOne', 'changeBlog', 'changeBlogger', 'aliasPr', 'aliasPress'] as const;

t.test('what each scope permits', async (t) => {
  const table: [string, (keyof typeof NEEDS)[]][] = [
    ['admin', Object.keys(NEEDS) as (keyof typeof NEEDS)[]],
    ['read', ['read', 'overview', 'readOne', 'readTwo']],
    ['publish:one', ['overview', 'readOne', 'publishOne', ...ONE]],
    ['publish:two', ['overview', 'readTwo', 'publishTwo']],
    ['publish:on', ['overview']],
    ['publish:one-more', ['overview']],
    ['join', []],
    ['domains:*.one.example', []],
    ['publish:one,domains:*.one.example', ['overview', 'readOne', 'publishOne', ...ONE]],
    ['publish:one,publish:two', ['overview', 'readOne', 'readTwo', 'publishOne', 'publishTwo', ...ONE]],
    ['read,publish:one', ['read', 'overview', 'readOne', 'readTwo', 'publishOne', ...ONE]],
    ['read:one', ['overview', 'readOne']],
    ['publish:one/blog/', ['overview', 'readOne', 'uploadOne', 'changeBlog']],
    ['publish:two/blog/', ['overview', 'readTwo']],
    ['publish:one@pr-*', ['overview', 'readOne', 'uploadOne', 'aliasPr']],
    ['publish:one@press', ['overview', 'readOne', 'uploadOne', 'aliasPress']],
    ['publish:one@*', ['overview', 'readOne', 'uploadOne', 'aliasPr', 'aliasPress']],
  ];
  for (const [scope, permitted] of table) {
    for (const [name, need] of Object.entries(NEEDS)) {
      t.equal(
        permits(parseScopes(scope), need),
        permitted.includes(name as keyof typeof NEEDS),
        `${scope}: ${name}`,
      );
    }
  }
});

t.test('a token that covers the need', async (t) => {
  const { catalog, asked } = catalogWith('publish:one');
  const { scopes } = await authorize(request(`Bearer ${TOKEN}`), NEEDS.publishOne, by(catalog));
  t.strictSame(scopes, ['publish:one']);
  t.strictSame(asked, [ID], 'is asked for once');
  const lasting = catalogWith('publish:one', { expires: NOW + 1 }).catalog;
  await t.resolves(authorize(request(`Bearer ${TOKEN}`), NEEDS.publishOne, by(lasting)));
  for (const header of [`bearer ${TOKEN}`, `BEARER   ${TOKEN}`, `Bearer ${TOKEN} `]) {
    await t.resolves(authorize(request(header), NEEDS.publishOne, by(catalog)), header);
  }
});

t.test('no token, or none that can be one', async (t) => {
  const table = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN} more`,
    `Bearer x ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer x${TOKEN}`,
    'Bearer sk_',
    `Bearer sk_${ID}`,
    `Bearer sk_${ID.toUpperCase()}.${SECRET}`,
    `Bearer skj_${ID}.${SECRET}.${'0'.repeat(32)}`,
  ];
  for (const header of table) {
    const { catalog, asked } = catalogWith('admin');
    const attempt = authorize(request(header), NEEDS.overview, by(catalog));
    await t.rejects(attempt, { code: 'unauthenticated' }, `${header}`);
    t.strictSame(asked, [], 'the catalog is not asked');
  }
});

t.test('a token that the catalog does not accept', async (t) => {
  for (const { catalog } of [
    catalogWith(undefined),
    catalogWith('join'),
    catalogWith('admin', { expires: NOW }),
    catalogWith('admin', { revoked: true }),
    catalogWith('admin', { secretHash: secretHash('another') }),
  ]) {
    const attempt = authorize(request(`Bearer ${TOKEN}`), NEEDS.overview, by(catalog));
    await t.rejects(attempt, { code: 'unauthenticated' });
  }
  const wrong = authorize(
    request(`Bearer sk_${ID}.${'y'.repeat(32)}`),
    NEEDS.overview,
    by(catalogWith('admin').catalog),
  );
  await t.rejects(wrong, { code: 'unauthenticated' });
});

t.test('a valid token whose scope does not cover the need is told what would', async (t) => {
  const table: [string, Need, RegExp][] = [
    ['read', NEEDS.publishOne, /scope read .* publish:one$/],
    ['read', NEEDS.admin, /needs admin$/],
    ['publish:one', NEEDS.publishTwo, /needs publish:two$/],
    ['publish:one', NEEDS.readTwo, /needs read, read:two or publish:two$/],
    ['publish:one', NEEDS.read, /needs read$/],
    ['publish:one', NEEDS.admin, /needs admin$/],
    ['domains:one.example', NEEDS.publishOne, /needs publish:one$/],
  ];
  for (const [scope, need, message] of table) {
    const attempt = authorize(request(`Bearer ${TOKEN}`), need, by(catalogWith(scope).catalog));
    await t.rejects(attempt, { code: 'forbidden', message }, `${scope}: ${need.kind}`);
  }
});

t.test('a scope that this version does not know permits nothing', async (t) => {
  for (const scope of [
    ...[
      'purge:one',
      'publish:',
      'Admin',
      'publish:one,purge:one',
      'read:',
      'publish:one/',
      'publish:one/blog',
    ],
    ...[
      'publish:one/../',
      'publish:one//',
      'publish:one@',
      'publish:one@a*b*',
      'publish:one@A',
      'publish:/a/',
    ],
  ]) {
    const attempt = authorize(request(`Bearer ${TOKEN}`), NEEDS.overview, by(catalogWith(scope).catalog));
    await t.rejects(attempt, { code: 'bad-scope' }, scope);
  }
});

t.test('a client that guesses is slowed down, and whoever has shown a token there goes on', async (t) => {
  let time = 0;
  const attempts = new FailedAttempts({ monotonic: () => time });
  const { catalog, asked } = catalogWith('read');
  const from = (client: string, token: string) =>
    authorize({ client, headers: { authorization: `Bearer ${token}` } }, NEEDS.read, by(catalog, attempts));
  const wrong = `sk_${ID}.${'y'.repeat(32)}`;
  await from('192.0.2.1', TOKEN);
  for (let i = 0; i < 10; i++) await t.rejects(from('192.0.2.1', wrong), { code: 'unauthenticated' });
  const before = asked.length;
  const unknown = `sk_${'0'.repeat(12)}.${SECRET}`;
  const refused = { code: 'too-many-requests', details: { retryAfter: 6 } };
  await t.rejects(from('192.0.2.1', unknown), refused);
  t.equal(asked.length, before, 'the catalog is not asked');
  await t.resolves(from('192.0.2.1', TOKEN), 'a token that was valid here');
  await t.resolves(from('192.0.2.2', TOKEN), 'another client');
  time = 6001;
  await t.rejects(from('192.0.2.1', unknown), { code: 'unauthenticated' });
  await t.rejects(from('192.0.2.1', unknown), { code: 'too-many-requests' });
  t.equal(attempts.total, 11);
});
