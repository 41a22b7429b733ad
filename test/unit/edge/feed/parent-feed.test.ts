import t from 'tap';
import { type ParentFeedParts, parentFeed } from '../../../../edge/feed/parent-feed.ts';
import type { EdgeSite } from '../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import type { Head } from '../../../../shared/log/head.ts';
import { NO_LIMITS } from '../../../../shared/wire/protocol.ts';
import type { Wants } from '../../../../shared/wire/wants.ts';
import { activation, edgeSite } from '../edge-site.ts';
import { SignedLog } from '../signed-log.ts';

interface World {
  limits?: Partial<typeof NO_LIMITS>;
  site?: Partial<EdgeSite>;
  held?: number[];
  head?: Head;
  signedHead?: Head;
}

function feed({ limits = {}, site = {}, held = [], head, signedHead }: World = {}) {
  const parts = {
    name: 'oslo',
    catalog: {
      site: async (id: number) => [edgeSite(site)].find((known) => known.id === id),
      held: async () => held,
      signedHead: async () => signedHead,
      firstSeq: async () => 7,
      records: async (from: number, limit: number) => [from, limit],
    },
    limits: { ...NO_LIMITS, ...limits },
    path: () => ['bergen', 'london'],
    head: () => head,
    upstreams: { current: { join: async (request: unknown) => ({ admitted: request }) } },
    stopping: new AbortController().signal,
  };
  return parentFeed(parts as unknown as ParentFeedParts);
}

t.test('a child may want less than its parent holds, never more', async (t) => {
  type Side = { sites?: string[]; prefixes?: string[] };
  const table: [parent: Side, child: Side, isAdmitted: boolean][] = [
    [{}, {}, true],
    [{}, { sites: ['docs'], prefixes: ['a/'] }, true],
    [{ sites: ['docs'] }, {}, false],
    [{ sites: ['docs'] }, { sites: ['docs'] }, true],
    [{ sites: ['docs', 'blog'] }, { sites: ['blog'] }, true],
    [{ sites: ['docs'] }, { sites: ['docs', 'blog'] }, false],
    [{ sites: ['docs'] }, { sites: [] }, true],
    [{ sites: [] }, { sites: ['docs'] }, false],
    [{ prefixes: ['a/'] }, {}, false],
    [{ prefixes: ['a/'] }, { prefixes: ['a/'] }, true],
    [{ prefixes: ['a/'] }, { prefixes: ['a/b/'] }, true],
    [{ prefixes: ['a/b/'] }, { prefixes: ['a/'] }, false],
    [{ prefixes: ['a/', 'c'] }, { prefixes: ['cd/', 'a/x'] }, true],
    [{ prefixes: ['a/'] }, { prefixes: ['a/', 'b/'] }, false],
    [{ prefixes: [''] }, { prefixes: ['b/'] }, true],
    [{ sites: ['docs'], prefixes: ['a/'] }, { sites: ['docs'] }, false],
  ];
  const toWants = ({
    sites = null,
    prefixes = null,
  }: {
    sites?: string[] | null;
    prefixes?: string[] | null;
  }) => ({ sites, prefixes }) satisfies Wants;
  for (const [parent, child, isAdmitted] of table) {
    const admit = () => feed({ limits: toWants(parent) }).admit(toWants(child));
    const name = `${JSON.stringify(child)} of ${JSON.stringify(parent)}`;
    if (isAdmitted) t.doesNotThrow(admit, name);
    else t.throws(admit, { code: 'beyond-parent' }, name);
  }
});

t.test('what it holds', async (t) => {
  const proposal = { revision: 6, root: digestOf('6'), seq: 60, files: 1 };
  const table: [name: string, world: World, revision: number, expected: string][] = [
    ['what is shown', { held: [1] }, 1, 'held'],
    ['what was shown', { held: [1, 2, 5], site: {} }, 2, 'held'],
    ['what was pruned', { held: [2, 5] }, 1, 'absent'],
    ['what nobody has spoken of', { held: [1] }, 2, 'absent'],
    ['what is prepared', { held: [1], site: { proposal, staging: 6, prepared: 6 } }, 6, 'held'],
    ['what was prepared and aborted', { held: [1], site: { staging: 6, prepared: 6 } }, 6, 'absent'],
    ['what is staged only', { held: [1], site: { activations: [activation(2)], staging: 2 } }, 2, 'coming'],
    ['what is activated', { held: [1], site: { activations: [activation(2)] } }, 2, 'coming'],
    ['what is proposed', { held: [1], site: { proposal } }, 6, 'coming'],
    ['what a newer one will supersede', { held: [1], site: { activations: [activation(5)] } }, 3, 'coming'],
    ['what is beyond all that comes', { held: [1], site: { activations: [activation(2)] } }, 3, 'absent'],
    ['a site that is not wanted', { held: [1], limits: { sites: ['blog'] } }, 1, 'absent'],
  ];
  for (const [name, world, revision, expected] of table)
    t.equal(await feed(world).holds(1, revision), expected, name);
  t.equal(await feed({ held: [1] }).holds(2, 1), 'absent', 'a site that is not known');
});

t.test('the head is the newest that has come, else the one that was kept', async (t) => {
  const [newer, kept] = [new SignedLog().head(2), new SignedLog().head(1)];
  t.equal(await feed({ head: newer, signedHead: kept }).head(), newer);
  t.equal(await feed({ signedHead: kept }).head(), kept);
  await t.rejects(feed().head(), { code: 'unavailable' });
});

t.test('the path begins with it', async (t) => {
  t.strictSame(feed().path(), ['oslo', 'bergen', 'london']);
});

t.test('the log is that of its catalog, and joining is asked of its own upstream', async (t) => {
  t.equal(await feed().firstSeq(), 7);
  t.strictSame(await feed().records(3, 5), [3, 5]);
  const request = { token: 'x' } as never;
  t.strictSame(await feed().join(request, '10.0.0.1'), { admitted: request });
});
