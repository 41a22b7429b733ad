import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface ReadBody {
  readonly isWhole: boolean;
  readonly bytes: number;
  readonly digest: string | undefined;
  /** In milliseconds since 1970. */
  readonly firstByteAt: number;
}

export interface Readers {
  readonly url: string;
  readonly host: string;
  readonly count: number;
  /** One in this many readers hashes its bytes. The others count theirs. */
  readonly hashed: number;
}

/** Runs the readers in their own thread, because the network between the edge and the origin must not wait for them. */
export function readersOf(readers: Readers): Promise<ReadBody[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: readers });
    worker.once('message', resolve).once('error', reject);
  });
}

if (!isMainThread) {
  const { url, host, count, hashed } = workerData as Readers;
  const bodies = Array.from({ length: count }, (_, i) => body(url, host, i % hashed === 0));
  parentPort?.postMessage(await Promise.all(bodies));
}

/** Reads over a new connection. */
function body(url: string, host: string, isHashed: boolean): Promise<ReadBody> {
  return new Promise((resolve) => {
    const hash = isHashed ? createHash('sha256') : undefined;
    let bytes = 0;
    let firstByteAt = Number.POSITIVE_INFINITY;
    let isDone = false;
    const done = (isWhole: boolean) => {
      if (isDone) return;
      isDone = true;
      resolve({ isWhole, bytes, digest: hash?.digest('hex'), firstByteAt });
    };
    request(url, { headers: { host }, agent: false }, (response) => {
      response.on('data', (piece: Buffer) => {
        if (bytes === 0) firstByteAt = Date.now();
        bytes += piece.length;
        hash?.update(piece);
      });
      response.on('error', () => done(false));
      response.on('end', () => done(response.statusCode === 200));
    })
      .on('error', () => done(false))
      .end();
  });
}
