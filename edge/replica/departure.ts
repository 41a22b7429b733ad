import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { Readers } from './parts.ts';

/** How long an edge that nobody has drained goes on answering after its revocation, while its readers leave. */
const LEAVE_MS = 10_000;

interface DepartureParts {
  readonly name: string;
  readonly catalog: Pick<EdgeCatalog, 'noteRevoked'>;
  readonly readers: Pick<Readers, 'drained'>;
  /** Whether an operator had drained the edge before it was revoked. */
  readonly wasDrained: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Logger;
}

/** What a revoked edge does: it never serves again after a restart, sends its readers to other edges, and ends. */
export class Departure {
  /** Resolves when the edge has to end. */
  readonly over: Promise<void>;
  readonly #end: () => void;
  readonly #parts: DepartureParts;
  readonly #signal: AbortSignal;
  #hasBegun = false;

  constructor(parts: DepartureParts, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#end = resolve;
    this.#parts = parts;
    this.#signal = signal;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** A repeated call does nothing. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#leave().then(this.#end, (error) => {
      // The edge is refused again at its next attempt to follow the log.
      this.#hasBegun = false;
      if (!this.#signal.aborted) this.#parts.log.error({ err: error }, 'the revoked edge could not leave');
    });
  }

  async #leave(): Promise<void> {
    const { name, catalog, readers, wasDrained, clock, log } = this.#parts;
    log.warn({ edge: name }, 'the origin has revoked this edge, which stops serving');
    await catalog.noteRevoked();
    readers.drained(true);
    if (!wasDrained()) await clock.sleep(LEAVE_MS, this.#signal);
  }
}
