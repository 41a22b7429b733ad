import type { Clock } from '../../../shared/clock.ts';
import { toDigest } from '../../../shared/content/digest.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { damagedObjects } from '../../../shared/store/damaged-objects.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import { pace } from '../../../shared/store/pace.ts';
import { uploadObjectsKind } from '../../../shared/work/upload-objects.ts';
import type { Upload } from '../../follow/upstream/feed-request.ts';
import { type Executor, executor } from '../executor/executor.ts';

export interface UploadParts {
  /** The objects that this edge holds. It does not fetch a missing object in order to upload it. */
  readonly store: Pick<ObjectStore, 'readSmall' | 'open' | 'size'>;
  /** Sends an object to the origin itself, even if this edge follows a parent. */
  readonly upload: (upload: Upload, signal: AbortSignal) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

/** Uploads the objects that the origin asks for and whose copies on this edge are sound. */
export function uploadObjectsExecutor(parts: UploadParts): Executor {
  return executor(uploadObjectsKind, async ({ objects }, { signal, progress }) => {
    const { store, upload, clock } = parts;
    const rest = pace(clock, signal);
    const done = { objects: 0, bytes: 0, absent: 0, refused: 0 };
    for (const digest of objects.map((object) => toDigest(object.digest))) {
      signal.throwIfAborted();
      const size = await store.size(digest);
      // The copy on this edge may be damaged, too.
      if (size === undefined || (await damagedObjects(store, [{ digest }], signal, rest)).length > 0) {
        done.absent++;
        continue;
      }
      const open = async () => {
        const bytes = await store.open(digest);
        if (bytes === undefined) throw new SkerryError('no-such-object', `${digest} was deleted here`);
        return bytes;
      };
      try {
        await upload({ digest, size, open }, signal);
        done.objects++;
        done.bytes += size;
      } catch (error) {
        if (hasCode(error, 'no-such-object')) done.absent++;
        else if (hasCode(error, 'forbidden')) done.refused++;
        else throw error;
      }
      progress({ objects: done.objects, bytes: done.bytes });
    }
    return done;
  });
}
