import { randomUUID } from 'node:crypto';
import { encodeChunkList } from '../../shared/content/chunk-list.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import type { HashedFile } from '../../shared/hashing/hashed-file.ts';
import { cutOff, isCutOff } from '../../shared/http/cut-off.ts';
import type { Draft, ObjectStore } from '../../shared/store/object-store.ts';
import { storeWhole } from '../../shared/store/store-whole.ts';

/** Uploaded bytes that are hashed but not stored yet. A `large` upload must be kept or discarded. */
export type Received =
  | { readonly kind: 'small'; readonly digest: Digest; readonly bytes: Buffer }
  | { readonly kind: 'large'; readonly hashed: HashedFile; readonly draft: Draft };

/**
 * Reads the body of a request: up to SMALL_OBJECT bytes into memory, a larger body into a draft, which a thread hashes.
 * When the sender disconnects before the end, throws `truncated-upload` and leaves nothing behind.
 */
export async function receive(body: AsyncIterable<unknown>, store: ObjectStore): Promise<Received> {
  const pieces: Buffer[] = [];
  let held = 0;
  let draft: Draft | undefined;
  try {
    for await (const piece of body) {
      const bytes = piece as Buffer;
      if (draft !== undefined) {
        await draft.append(bytes);
        continue;
      }
      pieces.push(bytes);
      held += bytes.length;
      if (held <= SMALL_OBJECT) continue;
      draft = await store.draft(`upload-${randomUUID()}`);
      await draft.append(Buffer.concat(pieces));
    }
    if (draft !== undefined) return { kind: 'large', draft, hashed: await draft.hash() };
    const bytes = Buffer.concat(pieces);
    return { kind: 'small', bytes, digest: digestOf(bytes) };
  } catch (error) {
    await draft?.discard();
    throw isCutOff(error) ? cutOff(error) : error;
  }
}

export function receivedDigest(received: Received): Digest {
  return received.kind === 'small' ? received.digest : received.hashed.digest;
}

export async function discard(received: Received): Promise<void> {
  if (received.kind === 'large') await received.draft.discard();
}

/** Stores the chunk list and then the large object, so that no object lacks its list. Returns the list's digest. */
export async function keepLarge(
  received: Received & { kind: 'large' },
  store: ObjectStore,
): Promise<Digest | null> {
  const { hashed, draft } = received;
  let list: Digest | null = null;
  if (hashed.chunks.length > 0) {
    const bytes = encodeChunkList({ object: hashed.digest, size: hashed.size, chunks: hashed.chunks });
    list = digestOf(bytes);
    await storeWhole(store, list, bytes, `list-${randomUUID()}`);
  }
  await draft.keep(hashed.digest);
  return list;
}
