import { digestOf } from '../../../shared/content/digest.ts';
import { secretOf, type Theme } from './harness.ts';

export function tokensContract({ suite }: Theme): void {
  suite('tokens', async (t, catalog) => {
    const token = (id: string, scope: string, expires: number | null = null) =>
      catalog.createToken({ id, secret: secretOf(id), scope, edge: null, mayRead: null, expires }, 100);
    await token('a', 'admin');
    await token('b', 'publish:one', 1000);
    await token('c', 'join');
    await token('d', 'read');
    t.equal(await catalog.authenticate('a', secretOf('a'), 200), 'admin');
    t.equal(await catalog.authenticate('a', secretOf('b'), 200), undefined, 'the secret of another');
    t.equal(await catalog.authenticate('x', secretOf('a'), 200), undefined, 'an unknown one');
    t.equal(await catalog.authenticate('b', secretOf('b'), 999), 'publish:one');
    t.equal(await catalog.authenticate('b', secretOf('b'), 1000), undefined, 'one that has just expired');
    t.equal(await catalog.authenticate('c', secretOf('c'), 200), undefined, 'one for joining');
    await catalog.revokeToken('d', 300);
    t.equal(await catalog.authenticate('d', secretOf('d'), 300), undefined, 'a revoked one');
    await catalog.revokeToken('d', 301);
    await t.rejects(catalog.revokeToken('x', 300), { code: 'no-such-token' });
    t.strictSame(await catalog.tokens(1000), [
      { id: 'a', scope: 'admin', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'b', scope: 'publish:one', edge: null, created: 100, expires: 1000, state: 'expired' },
      { id: 'c', scope: 'join', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'd', scope: 'read', edge: null, created: 100, expires: null, state: 'revoked' },
    ]);
    t.equal(JSON.stringify(await catalog.tokens(1)).includes(digestOf('a')), false, 'no secret is told');
  });
}
