import t from 'tap';
import { hasRoom, mayFetchAhead } from '../../../../../edge/follow/ahead/ahead-plan.ts';
import type { EdgeSite } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { type EdgeLimits, NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { activation, edgeSite } from '../../edge-site.ts';

const FRESH = { active: { revision: 0, root: null, seq: 0, files: null } };
const milestone = { revision: 1, root: digestOf('1'), seq: 10, files: 1 };
const alias = { ...milestone, name: 'next', expires: 1, shown: 0 };

t.test('only an edge that holds the first revision whole, and at once, fetches ahead of it', async (t) => {
  const table: [name: string, site: Partial<EdgeSite>, limits: Partial<EdgeLimits>, may: boolean][] = [
    ['a new site', {}, {}, true],
    ['a synchronous one', { policy: { ...DEFAULT_POLICY, mode: 'sync' } }, {}, true],
    ['one of the wanted sites', {}, { sites: ['docs'] }, true],
    ['with a limited rate', {}, { rate: 1000 }, true],
    ['another site', {}, { sites: ['blog'] }, false],
    ['some paths', {}, { prefixes: ['a/'] }, false],
    ['lazy', {}, { storage: 'lazy' }, false],
    ['delayed', {}, { delay: 60 }, false],
    ['scheduled', {}, { schedule: { cron: '0 3 * * *', timezone: 'UTC', minutes: 60 } }, false],
    ['a site that waits for its window', { policy: { ...DEFAULT_POLICY, mode: 'batch' } }, {}, false],
    ['a site with a revision', { active: { ...milestone } }, {}, false],
    ['one with its first on the way', { activations: [activation(1)] }, {}, false],
    ['proposed', { proposal: milestone }, {}, false],
    ['staged', { staging: 1 }, {}, false],
    ['with a draft', { aliases: [alias] }, {}, false],
    ['with a kept draft', { kept: [{ revision: 1, covers: WHOLE, isWhole: true }] }, {}, false],
  ];
  for (const [name, site, limits, may] of table)
    t.equal(mayFetchAhead(edgeSite({ ...FRESH, ...site }), { ...NO_LIMITS, ...limits }), may, name);
});

t.test('there is room for a page within the bounds of a site, of all sites and of the disk', async (t) => {
  const GB = 2 ** 30;
  const none = new Map();
  const page = { objects: 2000, bytes: GB };
  type Row = [name: string, held: Map<number, typeof page>, free: number | undefined, has: boolean];
  const table: Row[] = [
    ['nothing is held', none, undefined, true],
    ['the disk has four times its size', none, 4 * GB, true],
    ['the disk has less', none, 4 * GB - 1, false],
    ['the last bytes of the site', new Map([[1, { objects: 1, bytes: 15 * GB }]]), undefined, true],
    ['too many bytes of the site', new Map([[1, { objects: 1, bytes: 15 * GB + 1 }]]), undefined, false],
    ['the last objects of the site', new Map([[1, { objects: 198_000, bytes: 1 }]]), undefined, true],
    ['too many objects of the site', new Map([[1, { objects: 198_001, bytes: 1 }]]), undefined, false],
    ['another site has much', new Map([[2, { objects: 1, bytes: 31 * GB }]]), undefined, true],
    ['all have too many bytes', new Map([[2, { objects: 1, bytes: 31 * GB + 1 }]]), undefined, false],
    ['all have too many objects', new Map([[2, { objects: 398_001, bytes: 1 }]]), undefined, false],
  ];
  for (const [name, held, free, has] of table) t.equal(hasRoom(page, 1, held, free), has, name);
});
