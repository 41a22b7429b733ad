import { setTimeout as delay } from 'node:timers/promises';
import { ageLimitsAt } from '../../../origin/retention/age-limits.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { random } from '../../helpers/random.ts';
import { DAY, fileOf, HOUR, listOf, type RetentionTheme } from './harness.ts';

/** Which objects go, and which somebody may be about to need. */
export function objectsRetention({ suite }: RetentionTheme): void {
  suite('objects that a publish may be about to need stay', async (t, origin) => {
    const { catalog, clock } = origin;
    const site = await origin.site('one', 1);
    await origin.upload(site, ['lone', 'named', 'large named']);
    await catalog.createDeploy('open', site, clock.now());
    await catalog.addDeployFiles('open', [fileOf('a', 'named'), fileOf('b', 'large named')]);
    t.match(await origin.retention.run(), { objects: 0 }, 'young ones');
    clock.time += 2 * HOUR;
    t.match(await origin.retention.plan(), { objects: 1, bytes: 4 });
    t.match(await origin.retention.run(), { objects: 1, bytes: 4 }, 'nothing names it');
    t.equal(
      await catalog.siteObject(site, digestOf('lone')),
      undefined,
      'it would have to be uploaded again',
    );
    t.strictSame((await catalog.missingObjects('open', undefined)).missing, []);
    clock.time += DAY;
    await origin.upload(site, ['named']);
    t.match(await origin.retention.plan(), { objects: 1, bytes: 11 });
    t.match(
      await origin.retention.run(),
      { objects: 1, bytes: 11 },
      'the deploy is given up; one was uploaded again',
    );
    await t.rejects(catalog.deploy('open'), { code: 'no-such-deploy' });
    await t.rejects(catalog.stageDeploy('open', 1, 1, undefined), { code: 'no-such-deploy' });
    t.strictSame([...origin.held.digests], [digestOf('named')]);
    clock.time += 2 * HOUR;
    t.match(await origin.retention.run(), { objects: 1 });
    t.equal(origin.held.digests.size, 0);
  });

  suite('a deploy that is done answers for some days, and pins nothing', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    await catalog.createDeploy('done', site, origin.clock.now());
    await origin.upload(site, ['x']);
    await catalog.addDeployFiles('done', [fileOf('a', 'x')]);
    const answer = { revision: 1, seq: 1, unchanged: true };
    const told = { mode: 'async', outcome: 'live', edges: [], opens: null, receipts: [] } as const;
    await catalog.finishDeploy('done', { ...answer, ...told, edges: [], receipts: [] });
    origin.clock.time += 2 * DAY;
    t.match(await origin.retention.run(), { objects: 1 });
    t.match((await catalog.deploy('done')).result, answer);
    origin.clock.time += 6 * DAY;
    await origin.retention.run();
    await t.rejects(catalog.deploy('done'), { code: 'no-such-deploy' });
  });

  suite('what is uploaded again while it is noted for removal stays', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    await origin.upload(site, ['large']);
    origin.clock.time += 2 * HOUR;
    await catalog.dropObjects([digestOf('large')], ageLimitsAt(origin.clock.time).uploadedBefore);
    await origin.upload(site, ['large']);
    t.strictSame(await catalog.removals(10), [], 'its chunk list too');
    await origin.retention.run();
    t.equal(origin.held.digests.size, 2);
  });

  suite('uploads of the same objects while they are swept', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    const contents = Array.from({ length: 300 }, (_, i) => `large ${i}`);
    await origin.upload(site, contents);
    const numbers = random(5);
    for (let round = 0; round < 5; round++) {
      origin.clock.time += 2 * HOUR;
      const uploads = Array.from({ length: 40 }, async () => {
        await delay(numbers.below(30));
        await origin.upload(site, [numbers.pick(contents), numbers.pick(contents)]);
      });
      await Promise.all([origin.retention.run(), origin.retention.run(), ...uploads]);
      for (const content of contents) {
        const isKnown = (await catalog.siteObject(site, digestOf(content))) !== undefined;
        const isHeld = [digestOf(content), listOf(content)].every(
          (d) => d !== null && origin.held.digests.has(d),
        );
        if (isKnown !== isHeld) t.fail(`${content}: known ${isKnown}, held ${isHeld}`);
      }
    }
    t.ok(origin.held.digests.size > 0);
  });
}
