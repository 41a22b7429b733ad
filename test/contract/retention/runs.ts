import pino from 'pino';
import { ageLimitsAt } from '../../../origin/retention/age-limits.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { random } from '../../helpers/random.ts';
import { DAY, HOUR, type RetentionTheme } from './harness.ts';

/** A run does what its plan said, is finished by the next, and ends with the origin. */
export function runsRetention({ suite }: RetentionTheme): void {
  suite('a run that was killed anywhere is finished by the next', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 4; i++) await origin.publish(site, { a: `a${i}`, b: `b${i}`, c: 'same' });
    origin.clock.time += 2 * HOUR;
    const limits = ageLimitsAt(origin.clock.time);
    const live = await origin.manifest(site, 4);
    t.strictSame(await catalog.dropRevisions(site, [1]), [1]);
    t.strictSame(await origin.numbers(site), [2, 3, 4]);
    t.match(await catalog.dropEntries(site, 1), { rows: 1, more: true });
    await t.rejects(catalog.manifestPage(site, 1, undefined, 10), { code: 'no-such-revision' });
    t.strictSame(await catalog.dropRevisions(site, [2, 3]), [2, 3]);
    while (await catalog.dropLeftovers(limits, 1));
    await origin.retention.run();
    t.strictSame(await origin.manifest(site, 4), live);
    t.equal(origin.surplus({ a: 'a4', b: 'b4', c: 'same' }), 0);

    await origin.upload(site, ['large lost', 'saved']);
    origin.clock.time += 2 * HOUR;
    const seen = await catalog.unreferenced(0, 100, ageLimitsAt(origin.clock.time).uploadedBefore);
    t.strictSame(seen, { digests: [digestOf('large lost'), digestOf('saved')], next: undefined });
    await origin.upload(site, ['saved']);
    t.match(
      await catalog.dropObjects(seen.digests, ageLimitsAt(origin.clock.time).uploadedBefore),
      { objects: 1 },
      'it is asked again whether it may go',
    );
    t.strictSame(
      (await catalog.removals(10)).sort(),
      [digestOf('large lost'), digestOf('list of large lost')].sort(),
    );
    await origin.retention.run();
    t.equal(
      origin.held.digests.has(digestOf('large lost')),
      false,
      'what was noted is removed by the next run',
    );
    t.ok(origin.held.digests.has(digestOf('saved')));
    t.strictSame(await catalog.removals(10), []);
  });

  suite('a plan says what a run does: random histories', async (t, origin) => {
    const numbers = random(11);
    const sites = [await origin.site('a', 3), await origin.site('b', 2), await origin.site('c', 1, 1)];
    for (let round = 0; round < 8; round++) {
      for (let i = numbers.below(6); i >= 0; i--) {
        const tree: Record<string, string> = {};
        for (let f = 0; f < 6; f++)
          if (numbers.below(3) > 0) tree[`f${f}`] = `${numbers.below(2) ? 'large ' : ''}${numbers.below(40)}`;
        const site = numbers.pick(sites);
        const revision = await origin.publish(site, tree);
        if (numbers.below(5) === 0) await origin.catalog.pin(site, revision, true);
      }
      origin.clock.time += numbers.below(2) * 2 * HOUR + numbers.below(2) * DAY;
      const plan = await origin.retention.plan();
      t.strictSame(await origin.retention.run(), plan, `round ${round}`);
      for (const site of sites) {
        for (const { revision, files } of await origin.catalog.revisions(site, 1000)) {
          const entries = await origin.manifest(site, revision);
          t.equal(entries.length, files);
          t.ok(
            entries.every(
              ({ digest, chunks }) =>
                origin.held.digests.has(digest) && (chunks === null || origin.held.digests.has(chunks)),
            ),
            'the objects of what is kept are there',
          );
        }
      }
    }
  });

  suite('a run ends when the origin stops', async (t, origin) => {
    const background = origin.retention.keepRunning(pino({ level: 'silent' }));
    const site = await origin.site('one', 1);
    for (let i = 0; i < 3; i++) await origin.publish(site, { a: `${i}` });
    origin.stopping.abort();
    await t.rejects(origin.retention.run(), { code: 'unavailable' });
    await background;
  });
}
