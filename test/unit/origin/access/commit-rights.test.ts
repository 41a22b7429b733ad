import t from 'tap';
import { commitLimits } from '../../../../origin/access/commit-rights.ts';
import { publishRights } from '../../../../origin/access/permission.ts';
import { parseScopes } from '../../../../origin/access/scopes.ts';

const limits = (scope: string, alias: string | null | undefined) =>
  commitLimits(publishRights(parseScopes(scope), 'one'), { site: 'one', alias });

t.test('what a commit may change', async (t) => {
  for (const alias of [undefined, null, 'pr-1']) {
    t.equal(limits('admin', alias), undefined);
    t.equal(limits('publish:one', alias), undefined);
    t.throws(() => limits('read,publish:two', alias), { code: 'forbidden' });
  }
  t.strictSame(limits('publish:one/a/,publish:one/b/', undefined), ['a/', 'b/']);
  t.equal(limits('publish:one@pr-*', 'pr-1'), undefined, 'a whole draft');
  const refused: [scope: string, alias: string | null | undefined][] = [
    ['publish:one/a/', 'pr-1'],
    ['publish:one/a/', null],
    ['publish:one@pr-*', undefined],
    ['publish:one@pr-*', null],
    ['publish:one@pr-*', 'press'],
  ];
  for (const [scope, alias] of refused)
    t.throws(() => limits(scope, alias), { code: 'forbidden', message: /only/ }, `${scope} ${alias}`);
});
