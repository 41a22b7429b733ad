import t from 'tap';
import { keptRevisions } from '../../../../../edge/work/prune/keep-plan.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { edgeSite } from '../../edge-site.ts';

t.test('the last revisions and the live one are kept', async (t) => {
  const table: [name: string, held: number[], revisions: number, active: number, kept: number[]][] = [
    ['all, when there are few', [1, 2, 3], 10, 3, [1, 2, 3]],
    ['the last ones', [1, 2, 5, 9], 2, 9, [5, 9]],
    ['one', [1, 2, 5, 9], 1, 9, [9]],
    ['numbers are not counted, revisions are', [10, 200, 3000], 2, 3000, [200, 3000]],
    ['the live one, wherever it is', [1, 2, 5, 9], 2, 1, [1, 5, 9]],
    ['the live one, though it is not held', [5, 9], 2, 3, [3, 5, 9]],
    ['nothing before the first', [], 10, 0, []],
    ['the live one alone', [], 10, 4, [4]],
  ];
  for (const [name, held, revisions, revision, kept] of table) {
    const site = edgeSite({
      active: { revision, root: null, seq: 1, files: null },
      policy: { ...DEFAULT_POLICY, retention: { revisions, days: 0 } },
    });
    t.strictSame(keptRevisions(site, held), kept, name);
  }
});
