import t from 'tap';
import { Visible } from '../../../../edge/activate/visible.ts';
import type { SiteView } from '../../../../edge/messages/views.ts';
import type { EdgeCatalog, EdgeSite } from '../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../edge/store/cover.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import { edgeSite } from '../edge-site.ts';

const at = (revision: number, changes: Partial<EdgeSite> = {}): EdgeSite =>
  edgeSite({ ...changes, active: { revision, root: null, seq: revision * 10, files: null } });
const refusing = {
  ...DEFAULT_POLICY,
  mode: 'sync' as const,
  sync: { ...DEFAULT_POLICY.sync, withoutLease: 'refuse' as const },
};

/** What happens, in order: switches and what is told after them. */
function world(first: EdgeSite[]) {
  const state = {
    ...{ sites: first, keepsUp: true, showsAliases: true },
    show: async (_views: readonly SiteView[]) => {},
  };
  const events: string[] = [];
  const shown: (readonly SiteView[])[] = [];
  const open = () =>
    Visible.open(
      { sites: async () => state.sites } as unknown as EdgeCatalog,
      {
        async show(views) {
          await state.show(views);
          shown.push(views);
          events.push(`shown ${views.map(({ revision }) => revision)}`);
        },
      },
      async ({ active }) => {
        events.push(`visible ${active.revision}`);
      },
      ({ name }) => name !== 'unwanted',
      () => ({ name: 'oslo', keepsUp: state.keepsUp, showsAliases: state.showsAliases, isLapsed: false }),
    );
  return { state, events, shown, open };
}

t.test('a revision is told of when all have confirmed it', async (t) => {
  const { state, events, open } = world([at(1)]);
  const visible = await open();
  t.strictSame(events, ['shown 1', 'visible 1']);
  state.sites = [at(2)];
  t.equal(visible.revision(1), 1, 'not before it is shown');
  await visible.show();
  t.strictSame(events.slice(2), ['shown 2', 'visible 2']);
  t.equal(visible.revision(1), 2);
  t.equal(visible.revision(7), 0, 'a site that is not known');
});

t.test('what is shown is not shown again', async (t) => {
  const { events, shown, open } = world([at(1)]);
  const visible = await open();
  await visible.show();
  t.equal(shown.length, 1);
  t.equal(events.at(-1), 'visible 1', 'but told of: a receipt may be missing');
});

t.test(
  'sites without a revision are shown and told of to nobody, those not wanted are neither',
  async (t) => {
    const { events, open } = world([at(0), at(3, { id: 2, name: 'unwanted' })]);
    const visible = await open();
    t.strictSame(events, ['shown 0']);
    t.equal(visible.revision(2), 0);
  },
);

const alias = { name: 'pr-1', revision: 2, root: digestOf('2'), seq: 20, files: 1, expires: 9, shown: 2 };
const kept = [{ revision: 2, covers: WHOLE, isWhole: true }];

t.test('an edge that was restarted with a delay shows no alias that it showed before', async (t) => {
  const site = at(1, { aliases: [alias], kept });
  const { state, shown, open } = world([site]);
  t.equal((await open()).underAlias(1, 'pr-1'), 2);
  state.showsAliases = false;
  state.keepsUp = false;
  t.equal((await open()).underAlias(1, 'pr-1'), 0);
  t.strictSame(
    shown.at(-1)?.map(({ revision, aliasSuffixes }) => ({ revision, aliasSuffixes })),
    [{ revision: 1, aliasSuffixes: ['--docs.localhost'] }],
    'hosts of aliases are still known as such, so they answer 404',
  );
  const catalog = { sites: async () => [site] } as unknown as EdgeCatalog;
  const self = { name: 'oslo', keepsUp: false, showsAliases: false, isLapsed: false };
  t.equal((await Visible.views(catalog, () => true, self)).length, 1, 'nor before it is connected');
  state.showsAliases = true;
  t.equal((await open()).underAlias(1, 'pr-1'), 2, 'a paused edge goes on showing it');
});

t.test('what an alias shows is told of when all have confirmed it', async (t) => {
  const { state, open } = world([at(1)]);
  const visible = await open();
  state.sites = [at(1, { aliases: [alias], kept })];
  t.equal(visible.underAlias(1, 'pr-1'), 0, 'not before it is shown');
  await visible.show();
  t.equal(visible.underAlias(1, 'pr-1'), 2);
  t.equal(visible.underAlias(1, 'pr-2'), 0);
  t.equal(visible.revision(1), 1);
  state.sites = [at(1)];
  await visible.show();
  t.equal(visible.underAlias(1, 'pr-1'), 0);
});

t.test('a switch that fails makes nothing visible, and is tried again', async (t) => {
  const { state, events, open } = world([at(1)]);
  const visible = await open();
  state.sites = [at(2)];
  const { show } = state;
  state.show = async () => {
    throw new Error('no');
  };
  await t.rejects(visible.show(), { message: 'no' });
  t.equal(visible.revision(1), 1);
  t.strictSame(events, ['shown 1', 'visible 1']);
  state.show = show;
  await visible.show();
  t.strictSame(events.slice(2), ['shown 2', 'visible 2']);
});

t.test('which sites need a lease', async (t) => {
  const table: [name: string, policy: EdgeSite['policy'], keepsUp: boolean, needsLease: boolean][] = [
    ['an asynchronous one', DEFAULT_POLICY, true, false],
    ['a synchronous one that serves on', { ...DEFAULT_POLICY, mode: 'sync' }, true, false],
    ['a synchronous one that refuses', refusing, true, true],
    ['one that refuses, were it synchronous', { ...refusing, mode: 'batch' }, true, false],
    ['on an edge that is meant to stay behind', refusing, false, false],
  ];
  for (const [name, policy, keepsUp, needsLease] of table) {
    const { state, shown, open } = world([at(1, { policy })]);
    state.keepsUp = keepsUp;
    await open();
    t.equal(shown[0]?.[0]?.needsLease, needsLease, name);
  }
});

t.test('a new name, domain or filter is shown without a new revision', async (t) => {
  const { state, shown, open } = world([at(1)]);
  const visible = await open();
  for (const change of [
    { name: 'other' },
    { domains: ['x.test'] },
    { covers: { prefixes: ['a/'], pinned: null } },
  ]) {
    state.sites = [at(1, change)];
    await visible.show();
  }
  t.equal(shown.length, 4);
  t.strictSame(shown.at(-1)?.[0]?.prefixes, ['a/']);
});

t.test('the views that processes start with', async (t) => {
  const catalog = { sites: async () => [at(1, { policy: refusing }), at(2, { id: 2, name: 'unwanted' })] };
  const views = await Visible.views(catalog as unknown as EdgeCatalog, ({ name }) => name !== 'unwanted', {
    name: 'oslo',
    keepsUp: true,
    showsAliases: true,
    isLapsed: false,
  });
  const former = { revisions: [], paths: null, purges: [], beside: null };
  t.strictSame(views, [
    {
      id: 1,
      name: 'docs',
      domains: [],
      revision: 1,
      prefixes: null,
      needsLease: true,
      former,
      private: null,
      alias: null,
      aliasSuffixes: ['--docs.localhost'],
      trial: null,
    },
  ]);
});

t.test('what goes back while a switch is under way', async (t) => {
  const { state, shown, open } = world([at(1)]);
  const visible = await open();
  const gate = Promise.withResolvers<void>();
  state.show = () => gate.promise;
  state.sites = [at(1, { domains: ['new.test'] })];
  const there = visible.show();
  await new Promise((resolve) => setImmediate(resolve));
  state.sites = [at(1)];
  const back = visible.show();
  await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await Promise.all([there, back]);
  t.strictSame(shown.at(-1)?.[0]?.domains, []);
});
