import t from 'tap';
import { shownAt } from '../../../../../edge/follow/sync/rollout-plan.ts';
import type { EdgeRollout } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { edgeSite } from '../../edge-site.ts';

const oslo = { name: 'oslo', keepsUp: true, showsAliases: true, isLapsed: false };
const rollout: EdgeRollout = {
  ...{ revision: 2, root: digestOf('2'), seq: 12, files: 1, base: 1, edges: ['oslo'], paths: [] },
  ...{ isReady: true, isActivated: false },
};
const kept = [{ revision: 2, covers: WHOLE, isWhole: true }];

t.test('who shows the revision of a rollout', async (t) => {
  const shows = (changes: Partial<EdgeRollout>, edge = oslo, held = kept) =>
    shownAt(edgeSite({ rollout: { ...rollout, ...changes }, kept: held }), edge);
  t.match(shows({}), { revision: 2, seq: 12, beside: 1, isTrial: true });
  t.match(shows({ edges: ['rome'] }), { revision: 1, seq: 10, beside: 2, isTrial: false }, 'not named');
  t.match(shows({ edges: [] }), { revision: 1, beside: 2 }, 'not yet');
  t.match(
    shows({}, { ...oslo, keepsUp: false }),
    { revision: 1, beside: null },
    'it stays behind on purpose',
  );
  t.match(shows({}, { ...oslo, isLapsed: true }), { revision: 1, isTrial: false }, 'nobody can judge it');
  t.match(shows({ isReady: false }), { revision: 1, beside: null }, 'its objects are missing');
  t.match(shows({}, oslo, []), { revision: 1, beside: null }, 'its manifest was given up');
  t.match(shows({ isActivated: true }), { revision: 2, isTrial: false }, 'it stays until it is active');
  t.match(shownAt(edgeSite({ returned: 14 }), oslo), { revision: 1, seq: 14 }, 'an abort brought it back');
  t.match(shownAt(edgeSite(), oslo), { revision: 1, beside: null, isTrial: false });
});
