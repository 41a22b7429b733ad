import t from 'tap';
import {
  nextToFill,
  nextToGiveUp,
  nextToKeep,
  showsAliases,
} from '../../../../../edge/follow/sync/alias-plan.ts';
import { nextStep } from '../../../../../edge/follow/sync/next-step-plan.ts';
import type { EdgeAlias, EdgeSite, KeptRevision } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { activation, edgeSite } from '../../edge-site.ts';

const alias = (revision: number, changes: Partial<EdgeAlias> = {}): EdgeAlias => ({
  ...{ name: `to-${revision}`, revision, root: digestOf(String(revision)), seq: 10 * revision, files: 1 },
  ...{ expires: 1_000_000, shown: 0 },
  ...changes,
});
const kept = (revision: number, changes: Partial<KeptRevision> = {}): KeptRevision => ({
  ...{ revision, covers: WHOLE, isWhole: true },
  ...changes,
});
const proposal = { revision: 6, root: digestOf('6'), seq: 60, files: 1 };

t.test('the next step of a site with aliases', async (t) => {
  const closed = activation(3, { mode: 'batch' });
  const table: [name: string, site: Partial<EdgeSite>, step: object][] = [
    ['a draft alone', { aliases: [alias(2)] }, { kind: 'keep', milestone: { revision: 2 } }],
    [
      'a draft that is older than what becomes live',
      { aliases: [alias(2)], activations: [activation(3)] },
      { kind: 'keep', milestone: { revision: 2 } },
    ],
    [
      'what becomes live, before a draft that is newer',
      { aliases: [alias(4)], activations: [activation(3)] },
      { kind: 'sync', milestone: { revision: 3 } },
    ],
    [
      'the lowest of several drafts',
      { aliases: [alias(4), alias(2)], activations: [activation(5)] },
      { kind: 'keep', milestone: { revision: 2 } },
    ],
    [
      'a revision that waits for its window, before a draft after it',
      { aliases: [alias(4)], activations: [closed] },
      { kind: 'keep', milestone: { revision: 3 } },
    ],
    ['a waiting revision without a draft after it', { activations: [closed] }, { kind: 'rest' }],
    [
      'a draft, before what a sync publish prepares',
      { aliases: [alias(5)], proposal },
      { kind: 'keep', milestone: { revision: 5 } },
    ],
    [
      'nothing over a prepared revision',
      { aliases: [alias(7)], proposal, staging: 6, prepared: 6 },
      { kind: 'rest' },
    ],
    [
      'what becomes live, before the objects of a draft',
      {
        aliases: [alias(2)],
        kept: [kept(2, { covers: null, isWhole: false })],
        activations: [activation(3)],
      },
      { kind: 'sync', milestone: { revision: 3 } },
    ],
    [
      'the objects of a draft',
      { aliases: [alias(2)], kept: [kept(2, { covers: null, isWhole: false })] },
      { kind: 'fill', revision: 2 },
    ],
    [
      'a draft that is shown',
      { aliases: [alias(2, { shown: 2 })], kept: [kept(2)] },
      { kind: 'rest', until: null },
    ],
    ['what no alias names', { kept: [kept(2)] }, { kind: 'give-up', revision: 2 }],
    ['what is staged for an alias is no orphan', { aliases: [alias(2)], staging: 2 }, { kind: 'keep' }],
    ['what was staged for an alias that is gone', { staging: 2 }, { kind: 'forget', revision: 2 }],
  ];
  for (const [name, changes, step] of table)
    t.match(nextStep(edgeSite(changes), NO_LIMITS, false, 0), step, name);
});

t.test('edges that stay behind on purpose show no aliases', async (t) => {
  const site = edgeSite({ aliases: [alias(2)] });
  const schedule = { cron: '0 0 1 1 *', timezone: 'UTC', minutes: 1 };
  for (const limits of [{ delay: 60 }, { schedule }]) {
    t.notOk(showsAliases({ ...NO_LIMITS, ...limits }));
    t.equal(nextStep(site, { ...NO_LIMITS, ...limits }, false, 0).kind, 'rest');
  }
});

t.test('what is held is not taken in again', async (t) => {
  const site = edgeSite({ aliases: [alias(1), alias(3)], kept: [kept(3)] });
  t.equal(nextToKeep(site, [], Number.POSITIVE_INFINITY), undefined);
  t.equal(nextToKeep(site, [activation(2)], 4), undefined, 'nor what can no longer be staged');
});

t.test('objects are fetched again when some may be missing, or others are to be held', async (t) => {
  const shown = [alias(2, { shown: 2 })];
  const fill = (changes: Partial<KeptRevision>, aliases = shown) =>
    nextToFill(edgeSite({ aliases, kept: [kept(2, changes)] }), WHOLE);
  t.equal(fill({}), undefined);
  t.equal(fill({ isWhole: false }), 2);
  t.equal(fill({ covers: { prefixes: ['a/'], pinned: null } }), 2);
  t.equal(fill({}, [alias(2)]), 2, 'an alias that moved there');
  t.equal(fill({ isWhole: false }, []), undefined, 'nobody names it');
});

t.test('the newest manifest is given up when nothing needs it', async (t) => {
  const giveUp = (changes: Partial<EdgeSite>) => nextToGiveUp(edgeSite({ kept: [kept(2)], ...changes }));
  t.equal(giveUp({}), 2);
  t.equal(giveUp({ aliases: [alias(3, { shown: 2 })] }), undefined, 'an alias still shows it');
  t.equal(giveUp({ activations: [activation(2)] }), undefined, 'it will be active');
  t.equal(giveUp({ staging: 3 }), undefined, 'another is staged over it');
  t.equal(giveUp({ kept: [kept(1)] }), undefined, 'it is active');
});
