import type { Digest } from '../../shared/content/digest.ts';
import { type Head, verifyHead } from '../../shared/log/head.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PublicKey } from '../../shared/signing/keys.ts';
import type { EdgeReport } from '../../shared/wire/protocol.ts';
import type { LogCalls } from '../catalog/log-calls.ts';

/** Room for a thousand hashes. Most edges stand at one of the newest records. */
const HASHES_BYTES = 64 * 1024;

export interface DivergenceParts {
  readonly catalog: Pick<Remote<LogCalls>, 'hashAt' | 'denyAppends'>;
  readonly log: string;
  readonly epoch: number;
  readonly publicKey: PublicKey;
  /** The operator accepts a divergence: the origin continues to write, and edges with other records stay behind. */
  readonly isAccepted: boolean;
}

/** The position in the log that a report claims. */
type ClaimedPosition = Pick<EdgeReport, 'position' | 'hash' | 'head'>;

/**
 * Finds edges whose log is not a prefix of the origin's log. Such an edge shows that the origin runs on an older copy
 * of its data. Sequence numbers cannot show this, because the origin assigns them again. Hashes of records can.
 */
export class Divergence {
  readonly #parts: DivergenceParts;
  #isDenied = false;
  readonly #hashes = new ByteCache<string, Digest>({ bytes: HASHES_BYTES, sizeOf: () => 64 });

  constructor(parts: DivergenceParts) {
    this.#parts = parts;
  }

  /** True when the edge has a record that this log does not have at its place. Pruned records cannot be compared. */
  async isDiverged(edge: string, { position, hash, head }: ClaimedPosition): Promise<boolean> {
    if (head !== null && (await this.#differs(head.seq, head.hash))) await this.#deny(edge, head);
    return this.#differs(position, hash);
  }

  /** Only a head that the origin signed counts, so no edge can invent a longer log and stop the origin. */
  async #deny(edge: string, head: Head): Promise<void> {
    const { catalog, log, epoch, publicKey, isAccepted } = this.#parts;
    if (this.#isDenied || isAccepted) return;
    if (head.log !== log || head.epoch !== epoch || !verifyHead(head, publicKey)) return;
    await catalog.denyAppends(
      `${edge} has the record ${head.seq} that this origin once signed, and this origin does not have it`,
    );
    this.#isDenied = true;
  }

  async #differs(seq: number, hash: string): Promise<boolean> {
    if (seq === 0) return false;
    const own = this.#hashes.get(String(seq)) ?? (await this.#parts.catalog.hashAt(seq));
    if (own === 'pruned') return false;
    // Only hashes of existing records are cached, because a position beyond the end will have a record later.
    if (own !== 'beyond') this.#hashes.set(String(seq), own);
    return own !== hash;
  }
}
