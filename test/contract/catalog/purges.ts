import { KEPT_PURGES } from '../../../origin/catalog/limits.ts';
import type { PurgeReceipt } from '../../../shared/log/purge-receipt.ts';
import { EVERYTHING, type PurgeTarget } from '../../../shared/site/purge.ts';
import { checkLog, LOG, type Theme } from './harness.ts';

const target = (path: string): PurgeTarget => ({ ...EVERYTHING, all: false, paths: [path] });

export function purgesContract({ suite }: Theme): void {
  suite('purges of a site', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(id, { a: '1' });
    const site = await catalog.site(id);
    const last = await catalog.addPurges(site, [target('a'), EVERYTHING], 70);
    t.equal(last, await checkLog(t, catalog), 'a record for each target');
    const named = { kind: 'purge', critical: false, site: id, revision: 1, root: null, time: 70 };
    t.match(await catalog.records(last - 1, 2), [named, named]);
    t.strictSame(await catalog.purge(id, last - 1), {
      ...{ seq: last - 1, time: 70, receipts: [] },
      target: target('a'),
    });
    t.strictSame((await catalog.purge(id, last)).target, EVERYTHING);
    const again = await catalog.addPurges(site, [EVERYTHING], 71);
    t.equal(again, last + 1, 'repeated, it is another');
    const { id: other } = await catalog.putSite('two', undefined, 1);
    await t.rejects(catalog.purge(other, last), { code: 'no-such-purge' }, 'each site knows its own');
    await t.rejects(catalog.purge(id, last - 2), { code: 'no-such-purge' }, 'another kind of record');
    await t.rejects(catalog.purge(id, 9999), { code: 'no-such-purge' });
  });

  suite('purges that no record can hold are refused whole', async (t, catalog) => {
    const site = await catalog.putSite('one', undefined, 1);
    const head = await checkLog(t, catalog);
    const huge = target('x'.repeat(1024 * 1024));
    await t.rejects(catalog.addPurges(site, [target('a'), huge], 2), { code: 'record-too-large' });
    t.equal(await checkLog(t, catalog), head, 'nothing was appended');
    await t.rejects(catalog.purge(site.id, head + 1), { code: 'no-such-purge' });
  });

  suite('who has carried a purge out', async (t, catalog) => {
    const site = await catalog.putSite('one', undefined, 1);
    const first = await catalog.addPurges(site, [EVERYTHING], 2);
    const second = await catalog.addPurges(site, [EVERYTHING], 3);
    const receipt = (edge: string, seq: number, changes: Partial<PurgeReceipt> = {}): PurgeReceipt => ({
      ...{ log: LOG, epoch: 1, edge, site: site.id, seq, matched: 1, since: 5, sig: 'checked before' },
      ...changes,
    });
    const [paris, rome] = [receipt('paris', first), receipt('rome', first)];
    await catalog.addPurgeReceipts([rome, receipt('paris', second)]);
    await catalog.addPurgeReceipts([paris, receipt('rome', first, { matched: 9 })]);
    t.strictSame((await catalog.purge(site.id, first)).receipts, [paris, rome], 'the first of each edge');
    await catalog.addPurgeReceipts([
      receipt('oslo', first, { site: site.id + 1 }),
      receipt('oslo', first - 1),
      receipt('oslo', 9999),
    ]);
    t.strictSame((await catalog.purge(site.id, first)).receipts, [paris, rome], 'none that fits no purge');
    t.strictSame((await catalog.purge(site.id, second)).receipts, [receipt('paris', second)]);
  });

  suite('the newest purges of each site are kept', async (t, catalog) => {
    const one = await catalog.putSite('one', undefined, 1);
    const two = await catalog.putSite('two', undefined, 1);
    const old = await catalog.addPurges(one, [EVERYTHING], 2);
    const quiet = await catalog.addPurges(two, [EVERYTHING], 2);
    const last = await catalog.addPurges(one, Array(KEPT_PURGES - 1).fill(EVERYTHING), 3);
    t.match(await catalog.purge(one.id, old), { seq: old }, 'there is room for it');
    await catalog.addPurges(one, [EVERYTHING], 4);
    await t.rejects(catalog.purge(one.id, old), { code: 'no-such-purge' });
    t.match(await catalog.purge(one.id, last), { seq: last });
    t.match(await catalog.purge(two.id, quiet), { seq: quiet }, 'one site takes nothing from another');
    t.match(await catalog.records(old, 1), [{ kind: 'purge' }], 'the log is not touched');
  });
}
