import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { type Digest, digestBytes, digestFromBytes, digestOf } from '../../shared/content/digest.ts';
import { yieldToAll } from '../../shared/process/priority.ts';
import { serveCalls } from '../../shared/process/served-calls.ts';
import { openDerived, statements, transaction } from '../../shared/sqlite/open.ts';
import { isSmall, openObjectReader } from '../../shared/store/object-reader.ts';
import { pays } from './compressible.ts';
import { CODINGS, decode, encode } from './encode.ts';
import type { ContentCoding } from './variant.ts';
import { migrations, variantFile } from './variant-file.ts';

export interface VariantsPlace {
  /** The data folder. */
  readonly folder: string;
  /** The disk space for all variants. */
  readonly bytes: number;
}

/** A published object that may be the encoded form of another published object. */
export interface Sibling {
  readonly digest: Digest;
  readonly size: number;
}

export interface Made {
  /** Objects with a changed variant: one that was made, rejected as too large, or evicted. */
  readonly changed: readonly Digest[];
  /** The duration in milliseconds. */
  readonly ms: number;
}

/** How many pages of the file one vacuum step frees. */
const PAGES_GIVEN_BACK = 1000;

function openVariants({ folder, bytes: most }: VariantsPlace) {
  const database = openDerived(variantFile(folder), migrations);
  const sql = statements(database);
  const objects = openObjectReader(join(folder, 'objects'));
  let stored = Number(
    sql('SELECT coalesce(sum(size), 0) AS bytes FROM variant WHERE bytes IS NOT NULL').get()?.bytes,
  );

  const decidedFor = (source: Digest): Set<string> =>
    new Set(
      sql('SELECT coding FROM variant WHERE source = ?')
        .all(digestBytes(source))
        .map(({ coding }) => String(coding)),
    );

  /** Reads an object and checks its digest. Undefined when the object is missing or damaged. */
  function read(digest: Digest, size: number): Buffer | undefined {
    const bytes = isSmall(size) ? objects.small(digest) : objects.large(digest);
    return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined;
  }

  function isEncodingOf(plain: Buffer, coding: ContentCoding, { digest, size }: Sibling): boolean {
    if (size >= plain.length) return false;
    const bytes = read(digest, size);
    try {
      return bytes !== undefined && decode(bytes, coding, plain.length).equals(plain);
    } catch {
      // The name of the file ends like that of an encoded file, but the content is something else.
      return false;
    }
  }

  function store(
    source: Digest,
    coding: ContentCoding,
    digest: Digest | null,
    size: number,
    bytes: Buffer | null,
  ) {
    sql('INSERT OR REPLACE INTO variant (source, coding, digest, size, bytes) VALUES (?, ?, ?, ?, ?)').run(
      digestBytes(source),
      coding,
      digest && digestBytes(digest),
      size,
      bytes,
    );
    stored += bytes?.length ?? 0;
  }

  /** Makes and stores a variant. Returns the sources of evicted variants. */
  function makeFrom(
    plain: Buffer,
    source: Digest,
    coding: ContentCoding,
    sibling: Sibling | undefined,
  ): Digest[] {
    if (sibling !== undefined && isEncodingOf(plain, coding, sibling)) {
      store(source, coding, sibling.digest, sibling.size, null);
      return [];
    }
    const bytes = encode(plain, coding);
    if (pays(bytes.length, plain.length)) store(source, coding, digestOf(bytes), bytes.length, bytes);
    else store(source, coding, null, 0, null);
    return makeRoom();
  }

  /** Evicts the oldest variants. */
  function makeRoom(): Digest[] {
    const gone: Digest[] = [];
    while (stored > most) {
      const oldest = sql(
        'SELECT id, source, size FROM variant WHERE bytes IS NOT NULL ORDER BY id LIMIT 1',
      ).get();
      if (oldest === undefined) break;
      sql('DELETE FROM variant WHERE id = ?').run(Number(oldest.id));
      stored -= Number(oldest.size);
      gone.push(digestFromBytes(oldest.source as Uint8Array));
    }
    return gone;
  }

  return {
    /** Makes one variant, unless it is already decided or the object is missing. */
    make(source: Digest, size: number, coding: ContentCoding, sibling: Sibling | undefined): Made {
      const began = performance.now();
      const plain = decidedFor(source).has(coding) ? undefined : read(source, size);
      const changed = plain === undefined ? [] : [source, ...makeFrom(plain, source, coding, sibling)];
      return { changed, ms: performance.now() - began };
    },

    /** Whether the space is nearly full. Variants that no reader requested are not made then. */
    isFull: () => stored > 0.9 * most,

    /** Returns the objects for which some variant is still undecided: neither made, nor rejected as too large. */
    undecided: (sources: readonly Digest[]): Digest[] =>
      sources.filter((source) => decidedFor(source).size < CODINGS.length),

    /**
     * Removes the entries of deleted objects, as sources or as published variants. Returns the sources of those
     * published variants.
     */
    forget(digests: readonly Digest[]): Digest[] {
      const changed: Digest[] = [];
      transaction(database, () => {
        for (const digest of digests.map(digestBytes)) {
          for (const { size, made } of sql(
            'DELETE FROM variant WHERE source = ? RETURNING size, bytes IS NOT NULL AS made',
          ).all(digest))
            if (made === 1) stored -= Number(size);
          for (const { source } of sql(
            'DELETE FROM variant WHERE digest = ? AND bytes IS NULL RETURNING source',
          ).all(digest))
            changed.push(digestFromBytes(source as Uint8Array));
        }
      });
      database.exec(`PRAGMA incremental_vacuum(${PAGES_GIVEN_BACK})`);
      return changed;
    },

    /** The revision of the site whose variants were last made. 0 if there is none. */
    progress: (site: number): number =>
      Number(sql('SELECT revision FROM progress WHERE site = ?').get(site)?.revision ?? 0),

    setProgress(site: number, revision: number): void {
      sql('INSERT OR REPLACE INTO progress (site, revision) VALUES (?, ?)').run(site, revision);
    },

    close() {
      objects.close();
      database.close();
    },
  };
}

export type VariantThread = ReturnType<typeof openVariants>;

yieldToAll();

export default serveCalls(openVariants(workerData as unknown as VariantsPlace));
