import { type DiffRange, encodeChange, encodeDiffEnd, encodeDiffStart } from '../content/diff.ts';
import type { DiffCursor } from '../content/manifest/reading.ts';
import { diffKey } from '../delta/encoding-key.ts';
import type { Encoded } from '../delta/encodings.ts';
import type { Asker } from './encoded.ts';
import type { FeedSource } from './feed-source.ts';
import { requireHeld } from './still-held.ts';

const DIFF_PAGE = 2000;
/** Longer diffs are streamed: in the cache, they would evict other encodings. */
const MOST_KEPT = 256 * 1024;

class TooLong extends Error {}

/** Throws `no-longer-held` when one of the two revisions is given up in the meantime. */
export async function* diffText(
  source: Pick<FeedSource, 'manifests' | 'holds'>,
  range: DiffRange,
): AsyncGenerator<string> {
  yield encodeDiffStart(range);
  let cursor: DiffCursor | undefined;
  let changes = 0;
  do {
    const page = await source.manifests.diffPage(range.site, range.from, range.to, cursor, DIFF_PAGE);
    if (page.changes.length > 0) yield page.changes.map(encodeChange).join('');
    changes += page.changes.length;
    cursor = page.next;
  } while (cursor !== undefined);
  await requireHeld(source, range.site, [range.from, range.to]);
  yield encodeDiffEnd(changes);
}

/** A short diff, read and encoded once for all followers that have the same old revision. Undefined for a long diff. */
export async function encodedDiff(
  source: Pick<FeedSource, 'manifests' | 'encodings' | 'holds'>,
  asker: Asker,
  range: DiffRange,
): Promise<Encoded | undefined> {
  try {
    return await source.encodings.encode({ ...asker, key: diffKey(range) }, async () => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      for await (const text of diffText(source, range)) {
        pieces.push(Buffer.from(text));
        bytes += text.length;
        if (bytes > MOST_KEPT) throw new TooLong();
      }
      return { content: Buffer.concat(pieces), objects: [], dictionary: null };
    });
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}
