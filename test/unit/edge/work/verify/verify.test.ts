import t from 'tap';
import type { EdgeSite } from '../../../../../edge/store/catalog.ts';
import { rootOf } from '../../../../../edge/work/verify/audit.ts';
import { type VerifyParts, verifyReplica } from '../../../../../edge/work/verify/verify.ts';
import { InProcessGate } from '../../../../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../../../../shared/concurrency/keyed-lock.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { MemoryDisk, openMemoryStore } from '../../../../helpers/memory-store.ts';
import { edgeSite } from '../../edge-site.ts';

const PAGE = digestOf('page');
const run = { signal: new AbortController().signal, progress: () => {} };

/** An edge with an empty revision 1, and a page of an older revision, which becomes active again as revision 3. */
function replica(disk: MemoryDisk) {
  const manifests = new KeyedLock<number>();
  const fetched: Digest[] = [];
  const done: string[] = [];
  const entry = { path: 'page', digest: PAGE, size: 4, chunks: null };
  let site: EdgeSite = edgeSite({ active: { revision: 1, root: rootOf([]), seq: 10, files: 0 } });
  const store = openMemoryStore(disk);
  const parts = {
    ...{ manifests, limits: NO_LIMITS, gate: new InProcessGate(), shown: async () => {}, source: {} },
    catalog: {
      sites: async () => [site],
      site: async () => site,
      auditNode: async () => ({ digest: null, isStored: true }),
      manifestPage: async (_site: number, revision: number) => ({
        entries: revision === 3 ? [entry] : [],
        next: undefined,
      }),
      allObjects: async () => ({ digests: [PAGE], next: undefined }),
      clearPrepared: async () => void done.push('clear'),
    },
    store,
    objects: {
      async fetch(_source: unknown, needed: readonly { digest: Digest }[]) {
        fetched.push(...(await store.missing(needed.map(({ digest }) => digest))));
      },
    },
    readers: { forget: () => void done.push('forget') },
    loops: { wake: async () => void done.push('wake') },
  };
  /** The loop of the site has found the page in the store. It makes revision 3 active when the page is removed. */
  const beginStep = () => {
    const removed = Promise.withResolvers<void>();
    store.remove = async (digests) => {
      for (const digest of digests) disk.objects.delete(digest);
      removed.resolve();
    };
    void manifests.run(site.id, async () => {
      await removed.promise;
      site = edgeSite({ active: { revision: 3, root: digestOf('3'), seq: 30, files: 1 } });
    });
  };
  return { parts: parts as unknown as VerifyParts, fetched, done, beginStep };
}

t.test('an object that is removed while a revision that needs it becomes active comes back', async (t) => {
  const disk = new MemoryDisk();
  disk.objects.set(PAGE, Buffer.from('xage'));
  const { parts, fetched, beginStep } = replica(disk);
  beginStep();
  const { others } = await verifyReplica(parts, { repair: false, others: true }, run);
  t.strictSame(others, { objects: 1, damaged: 1 });
  t.strictSame(fetched, [PAGE]);
});

t.test('a repair makes the loops compare kept revisions with the store', async (t) => {
  const disk = new MemoryDisk();
  disk.objects.set(PAGE, Buffer.from('page'));
  for (const [repair, expected] of [
    [true, ['clear', 'wake']],
    [false, ['wake']],
  ] as const) {
    const { parts, done } = replica(disk);
    await verifyReplica(parts, { repair, others: true }, run);
    t.strictSame(done, expected);
  }
});
