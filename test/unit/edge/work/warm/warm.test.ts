import t from 'tap';
import type { EdgeCatalog } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import type { Progress, TellProgress } from '../../../../../edge/work/executor/executor.ts';
import { warm } from '../../../../../edge/work/warm/warm.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import type { ObjectStore } from '../../../../../shared/store/object-store.ts';
import { edgeSite } from '../../edge-site.ts';

const NEVER = new AbortController().signal;

const entry = (path: string, content: string): Entry => ({
  path: path as ContentPath,
  digest: digestOf(content),
  size: 10,
  chunks: null,
  type: 'text/plain',
  meta: [],
  time: 1,
});

/** A lazy edge that has nothing, and a site whose manifest has these pages. */
function lazyEdge(pages: Entry[][]) {
  const held = new Set<Digest>();
  const fetched: Digest[] = [];
  const progress: Progress[] = [];
  const parts = {
    catalog: {
      siteNamed: async () => edgeSite({ covers: WHOLE }),
      manifestPage: async (_site: number, _revision: number, page = 0) => ({
        entries: pages[page],
        next: page + 1 < pages.length ? page + 1 : undefined,
      }),
    } as unknown as EdgeCatalog,
    store: {
      missing: async (digests: Digest[]) => digests.filter((digest) => !held.has(digest)),
    } as unknown as ObjectStore,
    reads: {
      async whole(_client: string, digest: Digest) {
        fetched.push(digest);
        held.add(digest);
      },
    },
    lazy: { budget: { room: 1000 } },
  };
  const { name } = edgeSite({ covers: WHOLE });
  const run = (pause: AbortSignal, tell: TellProgress = (now) => progress.push(now)) =>
    warm(parts, name, { paths: [], globs: [] }, { signal: NEVER, pause, progress: tell });
  return { run, fetched, progress };
}

t.test('what several paths name is fetched once, on one page or on several', async (t) => {
  const { run, fetched, progress } = lazyEdge([
    [entry('a', 'x'), entry('b', 'x')],
    [entry('c', 'x'), entry('d', 'y')],
  ]);
  const result = await run(NEVER);
  t.strictSame(progress, [
    { objects: 1, bytes: 10 },
    { objects: 2, bytes: 20 },
  ]);
  t.strictSame(fetched, [digestOf('x'), digestOf('y')]);
  t.match(result, {
    fetched: { objects: 2, bytes: 20 },
    held: { objects: 1, bytes: 10 },
    left: { objects: 0 },
    more: false,
  });
});

t.test('paused work keeps what it has fetched, and the next run continues', async (t) => {
  const { run } = lazyEdge([[entry('a', 'x')], [entry('b', 'y')]]);
  const pause = new AbortController();
  t.match(await run(pause.signal, () => pause.abort()), {
    fetched: { objects: 1 },
    held: { objects: 0 },
    more: true,
  });
  t.match(await run(NEVER), { fetched: { objects: 1 }, held: { objects: 1 }, more: false });
});
