import { Readable } from 'node:stream';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import { type ErrorCode, SkerryError } from '../../../shared/errors.ts';
import type { ApiClient } from '../api-client.ts';
import type { HashedFile } from './hash-files.ts';
import { streamHashed } from './read-hashed.ts';

const BACKOFF = { first: 250, most: 2000 };
/** A lost origin must fail a command within 15 seconds. */
const PATIENCE_MS = 10_000;
/** What a request gets whose connection broke, or which another request has overtaken. */
const BROKEN: ReadonlySet<ErrorCode> = new Set([
  ...(['origin-unreachable', 'truncated-upload', 'offset-mismatch', 'unavailable'] as const),
  // Another request has sent the rest in the meantime.
  'completed-upload',
]);

type Uploads = Pick<ApiClient, 'uploadProgress' | 'putObject' | 'appendObject'>;

/**
 * Sends a large file. It goes on where an earlier attempt of this or of another process broke off, and tries again for
 * as long as bytes get through.
 */
export async function sendLarge(
  client: Uploads,
  site: string,
  file: HashedFile,
  signal: AbortSignal,
  clock: Pick<Clock, 'monotonic' | 'sleep'> = systemClock,
): Promise<void> {
  let reached = -1;
  let since = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      const { offset, isComplete } = await client.uploadProgress(site, file.digest);
      if (isComplete) return;
      if (offset > reached) {
        reached = offset;
        since = clock.monotonic();
        attempt = 0;
      }
      return await sendFrom(client, site, file, offset);
    } catch (error) {
      signal.throwIfAborted();
      if (!isBroken(error) || clock.monotonic() - since > PATIENCE_MS) throw error;
      await clock.sleep(backoffDelay(attempt, BACKOFF), signal);
    }
  }
}

async function sendFrom(client: Uploads, site: string, file: HashedFile, offset: number): Promise<void> {
  const { digest, size } = file;
  const rest = Readable.from(streamHashed(file, offset), { objectMode: false });
  if (offset === 0) await client.putObject(site, digest, rest, size);
  else await client.appendObject(site, digest, rest, { offset, length: size - offset });
}

function isBroken(error: unknown): boolean {
  return error instanceof SkerryError && BROKEN.has(error.code);
}
