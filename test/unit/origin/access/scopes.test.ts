import t from 'tap';
import { domainRights, parseScopes } from '../../../../origin/access/scopes.ts';

t.test('scopes', async (t) => {
  for (const scope of [
    'admin',
    'read',
    'join',
    'publish:a',
    'publish:my-site-2',
    'read:my-site-2',
    'publish:a/blog/',
    'publish:a/blog/2026 (old)/',
    'publish:a@pr-*',
    'publish:a@*',
    'publish:a@next',
    `publish:${'a'.repeat(63)}`,
    'domains:docs.example',
    'domains:*.docs.example',
    'domains:*.example',
    'domains:nas',
  ]) {
    t.strictSame(parseScopes(scope), [scope]);
  }
  const refused = [
    '',
    'Admin',
    ' admin',
    'admin ',
    'write',
    'publish',
    'publish:',
    'publish:*',
    'publish:A',
    'publish:-a',
    'publish:a-',
    'publish:a.b',
    'publish:a b',
    'read:A',
    'publish:a/',
    'publish:a/blog',
    'publish:a//',
    'publish:a/../',
    'publish:a@',
    'publish:a@*-*',
    'publish:a@Pr',
    'publish:@pr',
    'publish:a\n',
    `publish:${'a'.repeat(64)}`,
    'xpublish:a',
    'domains',
    'domains:',
    'domains:*',
    'domains:*.',
    'domains:*docs.example',
    'domains:a.*.example',
    'domains:Docs.example',
    'domains:docs.example:80',
    'domains:docs.example ',
    ',admin',
    'admin,',
    'admin, read',
    'join,read',
    'join,join',
    Array(21).fill('read').join(),
  ];
  for (const scope of refused)
    t.throws(() => parseScopes(scope), { code: 'bad-scope' }, JSON.stringify(scope));
});

t.test('several scopes in one token', async (t) => {
  const scopes = parseScopes('publish:docs,domains:*.docs.example,domains:docs.example');
  t.strictSame(scopes, ['publish:docs', 'domains:*.docs.example', 'domains:docs.example']);
  t.strictSame(domainRights(scopes), ['*.docs.example', 'docs.example']);
  t.equal(domainRights(parseScopes('read,admin')), 'all');
  t.strictSame(domainRights(parseScopes('publish:docs')), []);
});
