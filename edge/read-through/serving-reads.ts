import { type SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { NeedMessage } from '../messages/read-through.ts';
import type { ToServing } from '../messages/to-serving.ts';
import type { Arrivals } from './partial-object.ts';
import type { ReadThrough } from './read-through.ts';

/**
 * Handles the requests of one serving process for missing objects. Bytes pass between the processes only through files.
 */
export class ServingReads implements Arrivals {
  readonly #reads: Promise<Pick<ReadThrough, 'request'>>;
  readonly #tell: (message: ToServing) => void;
  #isGone = false;
  /** For each open request of the process, by its number, a function that ends the request. */
  readonly #open = new Map<number, () => void>();

  /** `reads` resolves when the replica runs. */
  constructor(reads: Promise<Pick<ReadThrough, 'request'>>, tell: (message: ToServing) => void) {
    this.#reads = reads;
    this.#tell = tell;
  }

  take(message: NeedMessage): void {
    if (this.#isGone) return;
    if (message.t === 'need') void this.#grant(message);
    else this.#release(message.id);
  }

  /** Called when the process has ended. */
  gone(): void {
    this.#isGone = true;
    for (const id of [...this.#open.keys()]) this.#release(id);
  }

  arrived(fileName: string, span: ByteSpan): void {
    this.#tell({ t: 'arrived', fileName, span });
  }

  broke(fileName: string, { code, message }: SkerryError): void {
    this.#tell({ t: 'broke', fileName, code, message });
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
      this.#tell({ t: 'coming', id, fileName: granted.fileName, spans: granted.spans, found: granted.found });
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
