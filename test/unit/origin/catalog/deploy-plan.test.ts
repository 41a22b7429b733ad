import t from 'tap';
import { deployToGiveUp, refuseMismatch } from '../../../../origin/catalog/deploy-plan.ts';
import { MOST_OPEN_DEPLOYS, YOUNG_DEPLOY_MS } from '../../../../origin/catalog/limits.ts';

t.test('the oldest deploy makes room, unless all are young', async (t) => {
  const open = Array.from({ length: MOST_OPEN_DEPLOYS }, (_, i) => ({ number: i, created: 1000 + i }));
  const soon = 1000 + YOUNG_DEPLOY_MS;
  t.equal(deployToGiveUp(open.slice(1), soon), undefined, 'there is room');
  t.strictSame(deployToGiveUp(open, soon), open[0]);
  t.throws(() => deployToGiveUp(open, soon - 1), { code: 'too-many-requests' });
  const [oldest, ...rest] = open;
  const late = { number: 0, created: soon };
  t.strictSame(
    deployToGiveUp([late, ...rest], soon + 1),
    rest[0],
    `a clock was set back after ${oldest?.number}`,
  );
});

t.test('a declared size must be that of the object', async (t) => {
  refuseMismatch(undefined);
  t.throws(() => refuseMismatch({ path: 'a', declared: 2, size: 3 }), {
    code: 'size-mismatch',
    message: /^a .*2 .*3 /,
  });
});
