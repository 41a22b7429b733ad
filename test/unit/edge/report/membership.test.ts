import t from 'tap';
import { Membership } from '../../../../edge/report/membership.ts';

t.test('what an edge knows of its tie to the origin', async (t) => {
  let now = 5000;
  const clock = { monotonic: () => now };
  let kept = false;
  const catalog = {
    isRefused: async () => kept,
    noteRefused: async (isRefused: boolean) => {
      kept = isRefused;
    },
  };
  const membership = await Membership.open(catalog, clock);
  t.strictSame(membership.status, { contactSeconds: null, isRefused: false, isDiverged: false });
  membership.heard();
  now += 2500;
  t.equal(membership.status.contactSeconds, 2.5);
  membership.answered({ diverged: true });
  t.strictSame(membership.status, { contactSeconds: 0, isRefused: false, isDiverged: true });
  membership.answered({ diverged: false });
  membership.refused();
  t.strictSame(membership.status, { contactSeconds: 0, isRefused: true, isDiverged: false });
  t.equal((await Membership.open(catalog, clock)).status.isRefused, true, 'after a restart, too');
  membership.heard();
  t.equal((await Membership.open(catalog, clock)).status.isRefused, false);
});
