import { Readable } from 'node:stream';
import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import { RESUMED_FROM_BYTES } from '../../../shared/wire/deploy-api.ts';
import type { ApiClient } from '../api-client.ts';
import type { HashedFile } from './hash-files.ts';
import { readHashed, streamHashed } from './read-hashed.ts';
import { sendLarge } from './send-large.ts';
import type { SendPlan } from './send-plan.ts';

/** The second bundle is read and packed while the origin stores the first. */
const BUNDLES_AT_ONCE = 2;
const SINGLE_AT_ONCE = 4;

/**
 * Sends everything that is planned. `sent` is called with the bytes of each file as it goes out. After the first
 * failure, the other requests are stopped before the failure is thrown.
 */
export async function sendFiles(
  client: ApiClient,
  site: string,
  plan: SendPlan,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);

  const bundle = (files: readonly HashedFile[]) => client.putObjects(site, contents(files));
  async function* contents(files: readonly HashedFile[]): AsyncGenerator<Buffer> {
    for (const file of files) {
      stop.throwIfAborted();
      yield readHashed(file);
      sent(file.size);
    }
  }
  const single = async (file: HashedFile) => {
    if (file.size > RESUMED_FROM_BYTES) await sendLarge(client, site, file, stop);
    else await putFile(client, site, file);
    sent(file.size);
  };

  const work = async <T>(queue: Iterator<T> & Iterable<T>, send: (item: T) => Promise<unknown>) => {
    try {
      for (const item of queue) {
        stop.throwIfAborted();
        await send(item);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  const bundles = plan.bundles.values();
  const files = plan.single.values();
  await Promise.all([
    ...Array.from({ length: BUNDLES_AT_ONCE }, () => work(bundles, bundle)),
    ...Array.from({ length: SINGLE_AT_ONCE }, () => work(files, single)),
  ]);
  stop.throwIfAborted();
}

async function putFile(client: ApiClient, site: string, file: HashedFile): Promise<void> {
  const { digest, size } = file;
  const body =
    size > SMALL_OBJECT ? Readable.from(streamHashed(file), { objectMode: false }) : readHashed(file);
  await client.putObject(site, digest, body, size);
}
