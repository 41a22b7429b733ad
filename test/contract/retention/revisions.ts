import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { DAY, HOUR, type RetentionTheme, type Tree } from './harness.ts';

/** Which revisions go, and which stay. */
export function revisionsRetention({ suite }: RetentionTheme): void {
  suite('old revisions go, with all that is theirs alone', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 2);
    const trees = [1, 2, 3, 4].map(
      (i): Tree => ({ same: 'same', own: `large ${i}`, [`only-${i}`]: `x${i}` }),
    );
    for (const tree of trees) await origin.publish(site, tree);
    const kept = await Promise.all([3, 4].map((revision) => origin.manifest(site, revision)));
    origin.clock.time += 2 * HOUR;

    const plan = await origin.retention.plan();
    t.match(plan, { sites: [{ site: 'one', deleted: false, revisions: [1, 2], objects: 4 }], objects: 4 });
    t.equal(plan.bytes, 2 * ('large 1'.length + 'x1'.length));
    t.strictSame(await origin.numbers(site), [1, 2, 3, 4], 'a plan changes nothing');
    t.strictSame(await origin.retention.run(), plan, 'what was done is what was planned');
    t.strictSame(await origin.numbers(site), [3, 4]);
    t.strictSame(await Promise.all([3, 4].map((revision) => origin.manifest(site, revision))), kept);
    t.equal(origin.surplus(trees[2] ?? {}, trees[3] ?? {}), 0, 'chunk lists have gone with their objects');
    const nothing = { sites: [], objects: 0, bytes: 0, records: 0 };
    t.strictSame(await origin.retention.plan(), nothing);
    t.strictSame(await origin.retention.run(), nothing);

    const gone = { code: 'no-such-revision' };
    await t.rejects(catalog.revision(site, 2), gone);
    await t.rejects(catalog.manifestPage(site, 2, undefined, 10), gone);
    await t.rejects(catalog.diffPage(site, 2, 4, undefined, 10), gone);
    await t.rejects(catalog.diffPage(site, 4, 2, undefined, 10), gone);
    await t.rejects(catalog.entryAt(site, 1, 'same' as ContentPath), gone);
    await t.rejects(catalog.nodesAt(site, 1), gone);
    await t.rejects(catalog.leavesAt(site, 1, [1]), gone);
    await t.rejects(catalog.leafEntries(site, 1, 1), gone);
    t.equal(await origin.publish(site, { after: 'x' }), 5, 'no number is used twice');
  });

  suite('what is pending, pinned or young stays', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1, 10);
    for (const i of [1, 2, 3]) await origin.publish(site, { a: `${i}` });
    await t.rejects(catalog.pin(site, 9, true), { code: 'no-such-revision' });
    await catalog.pin(site, 2, true);
    await catalog.pin(site, 2, true);
    t.match(await catalog.revisions(site, 2), [
      { revision: 3, pinned: false },
      { revision: 2, pinned: true },
    ]);
    await origin.publish(site, { a: '4' }, 'pending');
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [1, 2, 3, 4], 'young');
    origin.clock.time += 11 * DAY;
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [2, 3, 4]);
    t.match(await origin.manifest(site, 2), [{ digest: digestOf('2') }]);
    t.ok(origin.held.digests.has(digestOf('4')));
    await catalog.pin(site, 2, false);
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [3, 4]);
    t.equal(origin.held.digests.has(digestOf('2')), false);
  });

  suite('a deleted site goes, and takes nothing from the others', async (t, origin) => {
    const { catalog } = origin;
    const one = await origin.site('one', 10);
    const two = await origin.site('two', 10);
    await origin.publish(one, { a: 'shared', b: 'own' });
    await origin.publish(one, { a: 'shared', b: 'other' });
    await origin.publish(two, { a: 'shared' });
    await catalog.deleteSite('one', origin.clock.now());
    const again = await origin.site('one', 10);
    origin.clock.time += 2 * HOUR;
    const retained = async () => (await catalog.retainedSites()).map(({ id }) => id);
    t.strictSame(await retained(), [one, two, again]);
    const plan = await origin.retention.plan();
    t.match(plan, { sites: [{ site: 'one', deleted: true, revisions: [1, 2] }], objects: 2, bytes: 8 });
    t.strictSame(await origin.retention.run(), plan);
    t.equal(origin.surplus({ a: 'shared' }), 0);
    t.match(await origin.manifest(two, 1), [{ digest: digestOf('shared') }]);
    t.not(again, one);
    t.strictSame(await retained(), [two, again], 'later runs ask nothing about it');
    t.strictSame((await origin.retention.run()).sites, []);
    t.strictSame(await origin.numbers(one), []);
  });

  suite('what something stands on stays, whoever chose it to go', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 5; i++) await origin.publish(site, { a: `a${i}` });
    await origin.publish(site, { a: 'a6' }, 'pending');
    await catalog.pin(site, 3, true);
    const numbers = [1, 2, 3, 4, 5, 6, 7];
    t.strictSame(await catalog.dropRevisions(site, numbers), [1, 2, 4], 'pinned, live and tip stay');
    t.strictSame(await catalog.dropRevisions(site, numbers), [], 'repeated, it finds nothing');
    t.strictSame(await origin.numbers(site), [3, 5, 6]);
    await catalog.abort(site, 6, 'the test says so', origin.clock.time);
    t.strictSame(await catalog.dropRevisions(site, numbers), [], 'what comes is staged over the newest');
    await catalog.deleteSite('one', origin.clock.time);
    t.strictSame(await catalog.dropRevisions(site, numbers), [3, 5, 6], 'of a deleted site all goes');
  });
}
