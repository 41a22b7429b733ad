import { randomUUID } from 'node:crypto';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import type { Draft, ObjectStore } from '../../shared/store/object-store.ts';

/**
 * Copies objects from one store to another. Leaves out objects that the first store does not have, or whose bytes have
 * another digest. Rejects when the signal aborts, and when one of the stores is unreachable.
 */
export async function copyObjects(
  from: ObjectStore,
  to: ObjectStore,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<void> {
  const small = await from.readSmall(digests);
  await to.putSmall(
    [...small].flatMap(([digest, bytes]) => (digestOf(bytes) === digest ? [{ digest, bytes }] : [])),
  );
  for (const digest of digests) {
    signal.throwIfAborted();
    if (!small.has(digest)) await copyLarge(from, to, digest, signal);
  }
}

async function copyLarge(
  from: ObjectStore,
  to: ObjectStore,
  digest: Digest,
  signal: AbortSignal,
): Promise<void> {
  const stream = await from.open(digest);
  if (stream === undefined) return;
  const draft = await to.draft(draftName());
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      await draft.append(piece);
    }
    if ((await draft.hash()).digest !== digest) return await draft.discard();
  } catch (error) {
    await draft.discard();
    throw error;
  }
  await draft.keep(digest);
}

/** Stores what a draft holds in another store, too. The caller has checked the digest. */
export async function copyDraft(draft: Draft, to: ObjectStore, digest: Digest): Promise<void> {
  const copy = await to.draft(draftName());
  try {
    for await (const piece of draft.read({ start: 0, end: draft.size })) await copy.append(piece as Buffer);
  } catch (error) {
    await copy.discard();
    throw error;
  }
  await copy.keep(digest);
}

/** A draft that a crash leaves behind is removed at the next start, because no client can go on with it. */
const draftName = () => `copy-${randomUUID()}`;
