import type { FastifyRequest } from 'fastify';
import t from 'tap';
import { type Need, permits } from '../../../../origin/access/permission.ts';
import { parseScopes } from '../../../../origin/access/scopes.ts';
import { authorize } from '../../../../origin/api/authorize.ts';
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
  ...{ created: 0, expires: null, revoked: false, usedBy: null },
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

const request = (authorization: string | undefined) =>
  ({ headers: authorization === undefined ? {} : { authorization } }) as FastifyRequest;

const NEEDS = {
  admin: { kind: 'admin' },
  read: { kind: 'read' },
  overview: { kind: 'overview' },
  readOne: { kind: 'read-site', site: 'one' },
  readTwo: { kind: 'read-site', site: 'two' },
  publishOne: { kind: 'publish', site: 'one' },
  publishTwo: { kind: 'publish', site: 'two' },
} as const satisfies Record<string, Need>;

t.test('what each scope permits', async (t) => {
  const table: [string, (keyof typeof NEEDS)[]][] = [
    ['admin', ['admin', 'read', 'overview', 'readOne', 'readTwo', 'publishOne', 'publishTwo']],
    ['read', ['read', 'overview', 'readOne', 'readTwo']],
    ['publish:one', ['overview', 'readOne', 'publishOne']],
    ['publish:two', ['overview', 'readTwo', 'publishTwo']],
    ['publish:on', ['overview']],
    ['publish:one-more', ['overview']],
    ['join', []],
    ['domains:*.one.example', []],
    ['publish:one,domains:*.one.example', ['overview', 'readOne', 'publishOne']],
    ['publish:one,publish:two', ['overview', 'readOne', 'readTwo', 'publishOne', 'publishTwo']],
    ['read,publish:one', ['read', 'overview', 'readOne', 'readTwo', 'publishOne']],
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
  const scopes = await authorize(request(`Bearer ${TOKEN}`), NEEDS.publishOne, catalog, clock);
  t.strictSame(scopes, ['publish:one']);
  t.strictSame(asked, [ID], 'is asked for once');
  const lasting = catalogWith('publish:one', { expires: NOW + 1 }).catalog;
  await t.resolves(authorize(request(`Bearer ${TOKEN}`), NEEDS.publishOne, lasting, clock));
  for (const header of [`bearer ${TOKEN}`, `BEARER   ${TOKEN}`, `Bearer ${TOKEN} `]) {
    await t.resolves(authorize(request(header), NEEDS.publishOne, catalog, clock), header);
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
    const attempt = authorize(request(header), NEEDS.overview, catalog, clock);
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
    const attempt = authorize(request(`Bearer ${TOKEN}`), NEEDS.overview, catalog, clock);
    await t.rejects(attempt, { code: 'unauthenticated' });
  }
  const wrong = authorize(
    request(`Bearer sk_${ID}.${'y'.repeat(32)}`),
    NEEDS.overview,
    catalogWith('admin').catalog,
    clock,
  );
  await t.rejects(wrong, { code: 'unauthenticated' });
});

t.test('a valid token whose scope does not cover the need is told what would', async (t) => {
  const table: [string, Need, RegExp][] = [
    ['read', NEEDS.publishOne, /scope read .* publish:one$/],
    ['read', NEEDS.admin, /needs admin$/],
    ['publish:one', NEEDS.publishTwo, /needs publish:two$/],
    ['publish:one', NEEDS.readTwo, /needs read or publish:two$/],
    ['publish:one', NEEDS.read, /needs read$/],
    ['publish:one', NEEDS.admin, /needs admin$/],
    ['domains:one.example', NEEDS.publishOne, /needs publish:one$/],
  ];
  for (const [scope, need, message] of table) {
    const attempt = authorize(request(`Bearer ${TOKEN}`), need, catalogWith(scope).catalog, clock);
    await t.rejects(attempt, { code: 'forbidden', message }, `${scope}: ${need.kind}`);
  }
});

t.test('a scope that this version does not know permits nothing', async (t) => {
  for (const scope of ['purge:one', 'publish:', 'Admin', 'publish:one,purge:one']) {
    const attempt = authorize(request(`Bearer ${TOKEN}`), NEEDS.overview, catalogWith(scope).catalog, clock);
    await t.rejects(attempt, { code: 'bad-scope' }, scope);
  }
});
