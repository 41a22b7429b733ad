import { MOST_ALIASES } from '../../../shared/site/alias.ts';
import { checkLog, pend, type Theme } from './harness.ts';

export function aliasesContract({ suite }: Theme): void {
  const to = (name: string, expires = 1000) => ({ name, expires });

  suite('a draft and its alias are one step of the log', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const live = await publisher.publish(id, { a: '1' });
    const draft = await pend(catalog, id, { draft: to('pr-1'), mode: 'async' });
    t.equal(draft.seq, await checkLog(t, catalog));
    t.match(await catalog.records(draft.seq - 1, 2), [
      { kind: 'revision', critical: true, revision: draft.revision, root: draft.root },
      { kind: 'alias', critical: false, revision: draft.revision, root: draft.root },
    ]);
    t.match(await catalog.site(id), {
      ...{ revision: live.revision, tip: live.revision, pending: null },
      ...{ newest: draft.revision, named: draft.revision },
    });
    t.equal((await catalog.revision(id, draft.revision)).state, 'draft');
    t.strictSame(await catalog.aliases(id), [
      { name: 'pr-1', revision: draft.revision, root: draft.root, seq: draft.seq, expires: 1000 },
    ]);
    await t.rejects(catalog.abort(id, draft.revision, 'no', 2), { code: 'no-such-revision' });
    const payload = { mode: 'async' } as const;
    await catalog.activate({ site: id, revision: draft.revision, payload, time: 60, deploy: null });
    t.match(await catalog.site(id), { revision: draft.revision, tip: draft.revision });
    await checkLog(t, catalog);
  });

  suite('a draft that is older than the tip does not become live', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const draft = await pend(catalog, id, { draft: to('pr-1'), mode: 'async' });
    await publisher.publish(id, { a: '1' });
    const payload = { mode: 'async' } as const;
    const late = { site: id, revision: draft.revision, payload, time: 60, deploy: null };
    await t.rejects(catalog.activate(late), { code: 'no-such-revision' });
  });

  suite('an alias moves, expires and goes', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const { revision: live } = await publisher.publish(id, { a: '1' });
    await pend(catalog, id, { draft: to('pr-1', 500), mode: 'async' });
    await catalog.putAlias(id, to('pr-1', 700), live, 10);
    await catalog.putAlias(id, to('pr-2', 600), live, 11);
    t.match(await catalog.aliases(id), [
      { name: 'pr-1', revision: live, expires: 700 },
      { name: 'pr-2', revision: live, expires: 600 },
    ]);
    t.equal(await catalog.nextExpiry(), 600);
    t.strictSame(await catalog.expiredAliases(599, 10), []);
    t.strictSame(await catalog.expiredAliases(600, 10), [{ site: id, siteName: 'one', name: 'pr-2' }]);
    t.match(await catalog.expiredAliases(700, 1), [{ name: 'pr-2' }], 'the oldest first');
    await catalog.deleteAlias(id, 'pr-2', 12);
    const [last] = await catalog.newestRecords(1);
    t.match(last, { kind: 'alias', revision: 0, root: null });
    await t.rejects(catalog.deleteAlias(id, 'pr-2', 13), { code: 'no-such-alias' });
    await t.rejects(catalog.alias(id, 'pr-2'), { code: 'no-such-alias' });
    await t.rejects(catalog.putAlias(id, to('pr-3'), 99, 14), { code: 'no-such-revision' });
    await catalog.deleteSite('one', 15);
    t.equal(await catalog.nextExpiry(), undefined);
    await checkLog(t, catalog);
  });

  suite('what edges can no longer take in is refused', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const first = await publisher.publish(id, { a: '1' });
    await publisher.publish(id, { a: '2' });
    const head = await checkLog(t, catalog);
    await t.rejects(catalog.putAlias(id, to('past'), first.revision, 10));
    t.equal(await checkLog(t, catalog), head);
  });

  suite('no alias takes the host of a site, and there are not too many', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    await catalog.putSite('pr-1--one', undefined, 1);
    const { revision } = await publisher.publish(id, { a: '1' });
    await t.rejects(catalog.putAlias(id, to('pr-1'), revision, 10), { code: 'alias-taken' });
    for (let i = 0; i < MOST_ALIASES; i++) await catalog.putAlias(id, to(`n-${i}`), revision, 10);
    await t.rejects(catalog.putAlias(id, to('more'), revision, 10), { code: 'too-many-aliases' });
    await catalog.putAlias(id, to('n-0', 2000), revision, 11);
    t.equal((await catalog.aliases(id)).length, MOST_ALIASES);
  });

  suite('a checkpoint carries aliases', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(id, { a: '1' });
    const { revision, root, seq } = await pend(catalog, id, { draft: to('pr-1'), mode: 'async' });
    await catalog.addCheckpoint(20);
    const [checkpoint] = await catalog.newestRecords(1);
    t.match(JSON.parse(checkpoint?.payload ?? '{}'), {
      sites: [{ id, aliases: [{ name: 'pr-1', revision, root, seq, expires: 1000 }] }],
    });
  });
}
