import t from 'tap';
import { tokenSecretsOf } from '../../../../origin/access/token-secrets.ts';
import { createToken } from '../../../../origin/access/tokens.ts';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { parseApiToken } from '../../../../shared/wire/api-token.ts';
import { parseJoinToken, secretHash } from '../../../../shared/wire/join-proof.ts';
import type { TokenRequest } from '../../../../shared/wire/token-api.ts';

const NOW = 1_700_000_000_000;
const clock: Clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };
const { fingerprint } = generateSigningKey();

type Stored = Parameters<Catalog['createToken']>[0];

/** The token that was made and what the catalog got of it. */
async function create(request: TokenRequest) {
  const stored: Stored[] = [];
  const catalog: Pick<Catalog, 'createToken'> = {
    async createToken(token, time) {
      t.equal(time, NOW);
      stored.push(token);
    },
  };
  const made = await createToken(catalog, clock, request, {
    recovery: fingerprint,
    secretOf: tokenSecretsOf(Buffer.alloc(32)),
  });
  const [token, ...more] = stored;
  t.strictSame(more, []);
  if (token === undefined) throw new Error('no token was stored');
  return { made, token };
}

t.test('an API token', async (t) => {
  const { made, token } = await create({ scope: 'publish:site' });
  const secret = /^sk_[0-9a-f]{12}\.([A-Za-z0-9_-]{32})\.[0-9a-f]{32}$/.exec(made.token)?.[1];
  if (secret === undefined) return t.fail(`${made.token} is no API token`);
  t.equal(made.id, token.id);
  t.equal(Buffer.from(token.secretHash).toString('hex'), digestOf(secret), 'is stored hashed');
  t.match(token, { scope: 'publish:site', edge: null, expires: null });
  t.strictSame(
    parseApiToken(made.token),
    { id: token.id, secret, fingerprint },
    'and can be read back, with the key to trust',
  );
  t.equal(parseJoinToken(made.token), undefined);
});

t.test('a join token names the key to trust', async (t) => {
  const { made, token } = await create({ scope: 'join' });
  t.match(made.token, /^skj_/);
  t.equal(made.token.split('.')[2], fingerprint);
  t.strictSame(parseJoinToken(made.token), {
    id: token.id,
    secret: made.token.slice(17, 49),
    fingerprint,
  });
  t.strictSame(secretHash(made.token.slice(17, 49)), token.secretHash, 'of which a hash is kept');
  t.equal(parseApiToken(made.token), undefined, 'it opens nothing else');
});

t.test('a join token may be bound to an edge, others may not', async (t) => {
  const { token } = await create({ scope: 'join', edge: 'paris-1' });
  t.equal(token.edge, 'paris-1');
  for (const scope of ['admin', 'read', 'publish:a', 'publish:a,domains:a.example']) {
    await t.rejects(create({ scope, edge: 'paris-1' }), { code: 'bad-request' }, scope);
  }
});

t.test('expiry is in seconds from now', async (t) => {
  t.equal((await create({ scope: 'read', expires: 90 })).token.expires, NOW + 90_000);
});

t.test('a bad scope stores nothing', async (t) => {
  await t.rejects(create({ scope: 'root' }), { code: 'bad-scope' });
});

t.test('no two are alike', async (t) => {
  const made = await Promise.all(Array.from({ length: 50 }, () => create({ scope: 'read' })));
  t.equal(new Set(made.map(({ made: { token } }) => token)).size, 50);
  t.equal(new Set(made.map(({ made: { id } }) => id)).size, 50);
});

t.test('what is no token', async (t) => {
  const id = 'a1b2c3d4e5f6';
  const secret = 'x'.repeat(32);
  t.strictSame(parseApiToken(`sk_${id}.${secret}`), { id, secret, fingerprint: undefined }, 'this is one');
  const table = [
    '',
    'sk_',
    `sk_${id}`,
    `sk_${id}.`,
    `sk_${id}.${secret.slice(1)}`,
    `sk_${id}.${secret}x`,
    `sk_${id}.${secret}.`,
    `sk_${id}.${secret}.${'0'.repeat(31)}`,
    `sk_${id}.${secret}.${'G'.repeat(32)}`,
    `sk_${id}x.${secret}`,
    `sk_${id.toUpperCase()}.${secret}`,
    `sk_${id}.${secret.replace('x', '=')}`,
    ` sk_${id}.${secret}`,
    `sk_${id}.${secret}\n`,
    `skj_${id}.${secret}`,
    `skj_${id}.${secret}.${'0'.repeat(31)}`,
    `skj_${id}.${secret}.${'0'.repeat(32)}.x`,
  ];
  for (const text of table) {
    t.equal(parseApiToken(text), undefined, JSON.stringify(text));
    t.equal(parseJoinToken(text), undefined, JSON.stringify(text));
  }
});
