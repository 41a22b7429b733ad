import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../helpers/http.ts';
import { peakBytes } from '../helpers/peak-memory.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { startShapedCluster } from '../helpers/shaped-cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { type ReadBody, readersOf } from './crowd-readers.ts';

export interface CrowdOptions {
  readonly readers: number;
  readonly bytes: number;
  readonly processes: number;
}

export interface CrowdResult {
  /** How many answers were complete and correct. */
  readonly right: number;
  /** How many bytes came from the origin in that time. */
  readonly upstreamBytes: number;
  /** The time since the first request, in milliseconds. */
  readonly firstByteMs: number;
  readonly storedMs: number;
  readonly lastReaderMs: number;
  /** The peak memory of the edge's processes, the replicating one first. */
  readonly peakBytes: readonly number[];
  /**
   * How many bodies readers took for whole although they were not, when the edge was killed while it fetched the
   * object.
   */
  readonly brokenBodies: number;
  /** What the killed edge still had of the object after its restart. */
  readonly brokenFiles: readonly string[];
  /** Whether the restarted edge serves the object correctly. */
  readonly isRightAgain: boolean;
}

const SITE = 'crowd';
/** One in this many readers hashes its bytes. The others count theirs. */
const HASHED = 20;

/** Many readers request one object that a lazy edge lacks, then another one while the edge is killed. */
export async function crowd({ readers, bytes, processes }: CrowdOptions): Promise<CrowdResult> {
  const { cluster, edge, link, close } = await startShapedCluster({
    processes,
    args: () => ['--storage', 'lazy', '--max-connections', String(4 * readers)],
  });
  try {
    const files = { 'a.bin': randomBytes(bytes), 'b.bin': randomBytes(bytes) };
    const folder = await writeTree(join(cluster.folder, SITE), files);
    const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
    if (code !== 0) throw new Error(stderr);

    const objects = join(edge.data, 'objects');
    const digests = { a: sha256(files['a.bin']), b: sha256(files['b.bin']) };
    const file = join(objects, 'large', digests.a.slice(0, 2), digests.a);
    const isStored = () =>
      stat(file).then(
        () => true,
        () => false,
      );
    const before = link.bytesDown;
    const began = Date.now();
    let storedMs = 0;
    const stored = until('the object to be stored', isStored, 600_000).then(() => {
      storedMs = Date.now() - began;
    });
    const read = (path: string, count: number, hashed: number) =>
      readersOf({ url: `${edge.url}/${path}`, host: `${SITE}.localhost`, count, hashed });
    const answers = await read('a.bin', readers, HASHED);
    const lastReaderMs = Date.now() - began;
    await stored;
    const upstreamBytes = link.bytesDown - before;
    const pid = edge.running?.pid ?? 0;
    const peaks = await Promise.all([pid, ...(await childrenOf(pid))].map(peakBytes));

    link.bytesPerSecond = bytes / 4;
    const waiting = read('b.bin', 20, 1);
    await until('some of it', async () => (await readdir(join(objects, 'drafts'))).length > 0);
    await until('the first byte', () => (link.bytesDown ?? 0) - before > upstreamBytes + bytes / 4);
    await edge.stop('SIGKILL');
    const cut = await waiting;
    link.bytesPerSecond = Number.POSITIVE_INFINITY;
    await edge.start();
    const brokenFiles = await readdir(join(objects, 'drafts'));
    const [again] = await read('b.bin', 1, 1);
    return {
      right: answers.filter((answer) => isRight(answer, bytes, digests.a)).length,
      upstreamBytes,
      firstByteMs: Math.min(...answers.map(({ firstByteAt }) => firstByteAt)) - began,
      storedMs,
      lastReaderMs,
      peakBytes: peaks,
      brokenBodies: cut.filter((answer) => answer.isWhole && !isRight(answer, bytes, digests.b)).length,
      brokenFiles,
      isRightAgain: again !== undefined && isRight(again, bytes, digests.b),
    };
  } finally {
    await close();
  }
}

function isRight({ isWhole, bytes, digest }: ReadBody, size: number, expected: string): boolean {
  return isWhole && bytes === size && (digest === undefined || digest === expected);
}
