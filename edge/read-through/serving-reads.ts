import { type SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { NeedMessage } from '../messages/read-through.ts';
import type { ToServing } from '../messages/to-serving.ts';
import type { Arrivals } from './fill.ts';
import type { ReadThrough } from './read-through.ts';

/** What one serving process asks the replicating one for, and hears of it. Bytes pass through files alone. */
export class ServingReads implements Arrivals {
  readonly #reads: Promise<Pick<ReadThrough, 'request'>>;
  readonly #tell: (message: ToServing) => void;
  #isGone = false;
  /** What ends a need, by its number. */
  readonly #open = new Map<number, () => void>();

  /** `reads` resolves when this edge replicates. */
  constructor(reads: Promise<Pick<ReadThrough, 'request'>>, tell: (message: ToServing) => void) {
    this.#reads = reads;
    this.#tell = tell;
  }

  take(message: NeedMessage): void {
    if (this.#isGone) return;
    if (message.t === 'need') void this.#grant(message);
    else this.#release(message.id);
  }

  /** The process has ended. */
  gone(): void {
    this.#isGone = true;
    for (const id of [...this.#open.keys()]) this.#release(id);
  }

  arrived(fill: string, span: ByteSpan): void {
    this.#tell({ t: 'arrived', fill, span });
  }

  broke(fill: string, { code, message }: SkerryError): void {
    this.#tell({ t: 'broke', fill, code, message });
  }

  async #grant({ id, client, digest, range }: Extract<NeedMessage, { t: 'need' }>): Promise<void> {
    const leaving = new AbortController();
    const { signal: gone } = leaving;
    this.#open.set(id, () => leaving.abort());
    try {
      const wanted = { client, digest, range: range ?? undefined, gone };
      const granted = await (await this.#reads).request(wanted, this);
      const isWanted = this.#open.has(id);
      if (granted.kind === 'stored') {
        this.#open.delete(id);
        return this.#tell({ t: 'stored', id, found: granted.found });
      }
      if (!isWanted) return granted.release();
      this.#open.set(id, granted.release);
      this.#tell({ t: 'coming', id, fill: granted.fill, spans: granted.spans, found: granted.found });
    } catch (error) {
      this.#open.delete(id);
      const { code, message } = toSkerryError(error);
      this.#tell({ t: 'refused', id, code, message });
    }
  }

  #release(id: number): void {
    this.#open.get(id)?.();
    this.#open.delete(id);
  }
}
