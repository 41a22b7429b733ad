import t from 'tap';
import { MemberBudgets } from '../../../../shared/concurrency/member-budgets.ts';

t.test('who has anything left may begin, and owes the rest', async (t) => {
  let now = 0;
  const budgets = new MemberBudgets({ burst: 100, perSecond: 10 }, { monotonic: () => now });
  budgets.check('a');
  budgets.spend('a', 130);
  t.equal(budgets.left('a'), -30);
  t.throws(() => budgets.check('a'), { code: 'too-many-requests', details: { retryAfter: 3 } });
  budgets.check('b');
  now = 3100;
  budgets.check('a');
  now = 60_000;
  t.equal(budgets.left('a'), 100, 'a rest fills it, not more');
});
