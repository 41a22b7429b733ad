import { shownTokens, validToken } from '../../../origin/access/tokens.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { secretOf, type Theme } from './harness.ts';

export function tokensContract({ suite }: Theme): void {
  suite('tokens', async (t, catalog) => {
    const token = (id: string, scope: string, expires: number | null = null) =>
      catalog.createToken({ id, secretHash: secretOf(id), scope, edge: null, mayRead: null, expires }, 100);
    const scope = async (id: string, now: number) => (await validToken(catalog, id, now))?.scope;
    await token('a', 'admin');
    await token('b', 'publish:one', 1000);
    await token('c', 'join');
    await token('d', 'read');
    t.match(await validToken(catalog, 'a', 200), { id: 'a', secretHash: secretOf('a'), scopes: ['admin'] });
    t.equal(await scope('x', 200), undefined, 'an unknown one');
    t.equal(await scope('b', 999), 'publish:one');
    t.equal(await scope('b', 1000), undefined, 'one that has just expired');
    t.equal(await scope('c', 200), undefined, 'one for joining');
    await catalog.revokeToken('d');
    t.equal(await scope('d', 300), undefined, 'a revoked one');
    await catalog.revokeToken('d');
    await t.rejects(catalog.revokeToken('x'), { code: 'no-such-token' });
    t.strictSame(await shownTokens(catalog, 1000), [
      { id: 'a', scope: 'admin', edge: null, created: 100, expires: null, used: null, state: 'valid' },
      {
        id: 'b',
        scope: 'publish:one',
        edge: null,
        created: 100,
        expires: 1000,
        used: null,
        state: 'expired',
      },
      { id: 'c', scope: 'join', edge: null, created: 100, expires: null, used: null, state: 'valid' },
      { id: 'd', scope: 'read', edge: null, created: 100, expires: null, used: null, state: 'revoked' },
    ]);
    await catalog.noteTokenUse('a', 1100);
    t.equal((await catalog.token('a'))?.used, 1100);
    t.equal(JSON.stringify(await catalog.tokens()).includes(digestOf('a')), false, 'no secret is told');
  });

  suite('a token that is rotated', async (t, catalog) => {
    const token = (id: string, scope: string, expires: number | null) =>
      catalog.createToken({ id, secretHash: secretOf(id), scope, edge: null, mayRead: null, expires }, 100);
    const rotate = (old: string, id: string, until: number) =>
      catalog.rotateToken(old, { id, secretHash: secretOf(id) }, until, 500);
    const isValid = async (id: string, now: number) => (await validToken(catalog, id, now)) !== undefined;
    await token('a', 'publish:one', 1100);
    await token('b', 'read', null);
    await token('c', 'join', null);
    await rotate('a', 'a2', 700);
    t.match(await catalog.token('a2'), { scope: 'publish:one', created: 500, expires: 1500 });
    t.strictSame(
      [await isValid('a', 699), await isValid('a', 700), await isValid('a2', 700)],
      [true, false, true],
    );
    await rotate('b', 'b2', 9000);
    t.equal((await catalog.token('b2'))?.expires, null);
    t.equal((await catalog.token('b'))?.expires, 9000);
    await rotate('b2', 'b3', 500);
    t.equal(await isValid('b2', 500), false, 'without an overlap');
    for (const old of ['x', 'c', 'b2'])
      await t.rejects(rotate(old, `${old}9`, 900), { code: 'no-such-token' }, old);
  });
}
