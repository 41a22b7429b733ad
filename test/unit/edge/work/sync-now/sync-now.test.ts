import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import type { SiteProgress } from '../../../../../edge/follow/sync/site-loops.ts';
import type { EdgeSite } from '../../../../../edge/store/catalog.ts';
import { type SyncNowParts, syncNow } from '../../../../../edge/work/sync-now/sync-now.ts';
import { Wakeup } from '../../../../../shared/concurrency/wakeup.ts';
import { type EdgeLimits, NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { activation, edgeSite } from '../../edge-site.ts';
import { jumpingClock } from '../../jumping-clock.ts';

const NEVER = new AbortController().signal;

/** An edge with these sites. The test moves them, and what readers see of them. */
function world(sites: EdgeSite[], { limits = NO_LIMITS as EdgeLimits, isPaused = false, proven = 0 } = {}) {
  const clock = jumpingClock();
  const changed = new Wakeup();
  const visible = new Map(sites.map(({ id, active }) => [id, active.revision]));
  const woken = { times: 0 };
  const progressOf = new Map<number, SiteProgress>();
  const counts: number[] = [];
  const parts: SyncNowParts = {
    ...{ limits, changed, clock },
    catalog: { sites: async () => [...sites] },
    loops: {
      async wake() {
        woken.times++;
        return true;
      },
      progress: (id) => progressOf.get(id),
    },
    visible: { revision: (id) => visible.get(id) ?? 0 },
    isPaused: () => isPaused,
    time: { proven: () => proven },
  };
  const run = (name?: string, signal = NEVER, pause = NEVER) =>
    syncNow(parts, name, { signal, pause, progress: ({ objects }) => counts.push(objects) });
  /** The site becomes what `site` says, and readers see it unless `isSeen` is false. */
  const becomes = async (site: EdgeSite, isSeen = true) => {
    const at = sites.findIndex(({ id }) => id === site.id);
    sites.splice(at, 1, site);
    if (isSeen) visible.set(site.id, site.active.revision);
    changed.wake();
    for (let i = 0; i < 5; i++) await turn();
  };
  return { sites, run, becomes, visible, changed, woken, counts, clock, progressOf };
}

const behind = (id = 1, name = 'docs') => edgeSite({ id, name, activations: [activation(2)] });
const current = (id = 1, name = 'docs', changes: Partial<EdgeSite> = {}) =>
  edgeSite({ id, name, active: activation(2), ...changes });
const isOpen = async (run: Promise<unknown>) =>
  (await Promise.race([run.then(() => 'ended'), turn().then(() => 'open')])) === 'open';

t.test('what is current ends at once', async (t) => {
  const { run, woken } = world([edgeSite(), edgeSite({ id: 2, name: 'blog' })]);
  t.strictSame(await run(), {
    sites: [
      { name: 'docs', revision: 1 },
      { name: 'blog', revision: 1 },
    ],
    more: false,
  });
  t.strictSame(await run('blog'), { sites: [{ name: 'blog', revision: 1 }], more: false });
  t.equal(woken.times, 2, 'the loops look at once');
  await t.rejects(run('none'), { code: 'no-such-site' });
});

t.test('it ends when the revision is visible, not before', async (t) => {
  const { run, becomes, visible, changed, counts } = world([behind(), edgeSite({ id: 2, name: 'blog' })]);
  const asked = run();
  t.ok(await isOpen(asked));
  await becomes(current(), false);
  t.ok(await isOpen(asked), 'stored, and not yet shown');
  visible.set(1, 2);
  changed.wake();
  t.match(await asked, { sites: [{ name: 'docs', revision: 2 }, { name: 'blog' }] });
  t.strictSame(counts, [1, 1, 2]);
});

t.test('what is published meanwhile does not prolong it', async (t) => {
  const { run, becomes } = world([behind()]);
  const asked = run('docs');
  await turn();
  await becomes(current(1, 'docs', { activations: [activation(3), activation(4)] }));
  t.strictSame(await asked, { sites: [{ name: 'docs', revision: 2 }], more: false });
});

t.test('a revision that was superseded is not waited for, nor a site that was deleted', async (t) => {
  const { sites, run, becomes, changed } = world([behind(), behind(2, 'blog')]);
  const asked = run();
  await turn();
  await becomes(edgeSite({ active: activation(5) }));
  sites.pop();
  changed.wake();
  t.strictSame(await asked, { sites: [{ name: 'docs', revision: 5 }], more: false });
});

t.test('an edge that stays behind on purpose says so', async (t) => {
  const schedule = { cron: '0 3 * * *', timezone: 'UTC', minutes: 60 };
  const cases: [options: Parameters<typeof world>[1], message: RegExp][] = [
    [{ isPaused: true }, /^this edge is paused$/],
    [{ limits: { ...NO_LIMITS, schedule } }, /^docs waits for its window.* until 1970-01-01T03:00/],
    [{ limits: { ...NO_LIMITS, delay: 3600 } }, /^docs waits for .*its delay, until/],
  ];
  for (const [options, message] of cases) {
    await t.rejects(world([behind()], options).run(), { code: 'edge-stays-behind', message });
    t.match(await world([edgeSite()], options).run(), { sites: [{ revision: 1 }] }, 'unless it is current');
  }
});

t.test('a site that only fails is given up, one that fetches is not', async (t) => {
  const { run, changed, clock, progressOf } = world([behind(), behind(2, 'blog')]);
  const asked = run();
  asked.catch(() => {});
  await turn();
  for (const pendingBytes of [300, 200, 100, 100]) {
    t.ok(await isOpen(asked));
    clock.advance(59_999);
    progressOf.set(1, { pendingBytes, error: 'the disk is full' });
    changed.wake();
    for (let i = 0; i < 5; i++) await turn();
  }
  clock.advance(1);
  changed.wake();
  await t.rejects(asked, {
    code: 'unavailable',
    message: 'still behind: docs: the disk is full (and 1 more)',
  });
});

t.test('it stops on its signal', async (t) => {
  const stop = new AbortController();
  const asked = world([behind()]).run(undefined, stop.signal);
  await turn();
  stop.abort();
  await t.rejects(asked, { name: 'AbortError' });
});

t.test('who waits no longer hears what is still behind', async (t) => {
  const pause = new AbortController();
  const asked = world([behind()]).run(undefined, NEVER, pause.signal);
  await turn();
  pause.abort();
  await t.rejects(asked, { code: 'unavailable', message: 'still behind: docs: not yet fetched' });
});

t.test('of many sites it names some', async (t) => {
  const sites = Array.from({ length: 101 }, (_, i) => edgeSite({ id: i, name: `s${i}` }));
  const result = await world(sites).run();
  t.strictSame([result.sites.length, result.more], [100, true]);
});
