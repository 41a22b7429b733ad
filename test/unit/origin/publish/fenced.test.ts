import { AsyncLocalStorage } from 'node:async_hooks';
import t from 'tap';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';
import { FENCED } from '../../../../origin/catalog/effects.ts';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { Rollouts } from '../../../../origin/publish/rollouts.ts';
import type { SiteLock } from '../../../../origin/publish/site-lock.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { KeyedLock } from '../../../../shared/concurrency/keyed-lock.ts';
import { READY_POLICIES } from '../../../../shared/site/ready-rollouts.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import { at, certified, key, LOG, Publisher } from '../../../contract/catalog/harness.ts';
import { asRemote } from '../../../helpers/in-process.ts';

t.test('the committer makes fenced calls only under the lock of the site', async (t) => {
  const database = openDatabase(':memory:', migrations);
  t.teardown(() => database.close());
  const held = new AsyncLocalStorage<number>();
  const made = new Map<PropertyKey, boolean>();
  const catalog: Catalog = new Proxy(asRemote(sqliteCalls(database, signerWith(key))), {
    get(target, call) {
      if (FENCED.has(call as keyof Catalog))
        made.set(call, (made.get(call) ?? true) && held.getStore() !== undefined);
      return Reflect.get(target, call);
    },
  });
  const lock = new KeyedLock<number>();
  const sites: SiteLock = {
    run: (site, work, signal) => lock.run(site, () => held.run(site, work), signal),
  };
  await catalog.found(LOG, certified, 1);
  const publisher = new Publisher(catalog, sites);
  const { committer } = publisher;
  const { id: site } = await catalog.putSite('one', undefined, 1);
  await publisher.publish(site, { a: '1' });
  await publisher.publish(site, { a: '1' });
  await publisher.change(site, 1, { b: '2' }, ['a']);
  await committer.rollback(site, 1, { mode: 'batch' });
  await committer.openWindow(site, 'hand');
  await committer.commitChanges(site, {}, async () => [{ kind: 'delete', path: at('b') }]);
  await committer.commitOverlay(site, {}, async (next, time) => {
    await catalog.stageHeld(site, next, time, { after: 0, until: 1 });
  });
  await sites.run(site, async () => {
    const { revision } = await catalog.beginStaging(site);
    const root = await catalog.sealRoot(site, revision);
    const plain = { base: 0, message: '', restores: null, time: 50, activate: null, deploy: null };
    await catalog.reveal({ ...plain, site, revision, root, mode: 'sync' });
  });
  // It finds the sync revision that nobody publishes any more, and aborts it.
  await committer.openWindow(site, 'schedule');
  await sites.run(site, async () => {
    const { revision } = await catalog.beginStaging(site);
    const root = await catalog.sealRoot(site, revision);
    const plain = { base: 0, message: '', restores: null, time: 50, activate: null, deploy: null };
    await catalog.reveal({ ...plain, site, revision, root, mode: 'async', rollout: READY_POLICIES.canary });
  });
  const rollouts = new Rollouts({ catalog, clock: systemClock, sites, committer });
  const begun = await rollouts.newest(site);
  await rollouts.step(begun, { edges: ['oslo'], dwell: 1 }, begun.evidence);
  await rollouts.abort(site);
  const { revision } = await committer.putAlias(site, 'pr-1', 1, undefined);
  await committer.putAlias(site, 'pr-2', revision, undefined);
  await committer.deleteAlias(site, 'pr-1');
  await committer.deleteSite(site);
  // Only a sync publish that edges have prepared has an outcome.
  t.strictSame(
    [...FENCED].filter((call) => !made.has(call)),
    ['noteOutcome'],
  );
  for (const [call, isUnderLock] of made) t.ok(isUnderLock, String(call));
});
