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
      { id: 'a', scope: 'admin', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'b', scope: 'publish:one', edge: null, created: 100, expires: 1000, state: 'expired' },
      { id: 'c', scope: 'join', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'd', scope: 'read', edge: null, created: 100, expires: null, state: 'revoked' },
    ]);
    t.equal(JSON.stringify(await catalog.tokens()).includes(digestOf('a')), false, 'no secret is told');
  });
}
