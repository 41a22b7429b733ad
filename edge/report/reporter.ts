import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { EdgeReport } from '../../shared/protocol.ts';
import { backoffDelay } from '../../shared/retry.ts';
import { Wakeup } from '../../shared/wakeup.ts';
import type { Caller, Upstream } from '../follow/upstream.ts';
import type { EdgeCatalog } from '../store/catalog.ts';

const HEARTBEAT_MS = 5000;
const BACKOFF = { first: 200, most: 10_000 };
const RECEIPTS_PER_REPORT = 1000;

/** Tells the origin where this edge stands: at each change, and every five seconds that it is alive. */
export class Reporter {
  readonly #changed = new Wakeup();
  #isDue = true;

  /** Something that the origin should know has changed. */
  changed(): void {
    this.#isDue = true;
    this.#changed.wake();
  }

  /** Sends reports until the signal aborts; receipts stay in the catalog until the origin has acknowledged them. */
  async run(
    parts: {
      upstream: Upstream;
      caller: Caller;
      catalog: EdgeCatalog;
      clock: Clock;
      log: Logger;
      state: () => Promise<Omit<EdgeReport, 'receipts'>>;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { upstream, caller, catalog, log, state } = parts;
    let failures = 0;
    while (!signal.aborted) {
      if (!this.#isDue) await this.#changed.wait(HEARTBEAT_MS, signal);
      if (signal.aborted) return;
      this.#isDue = false;
      try {
        const receipts = await catalog.unsentReceipts(RECEIPTS_PER_REPORT);
        await upstream.report(caller, { ...(await state()), receipts }, signal);
        await catalog.markSent(receipts);
        if (receipts.length === RECEIPTS_PER_REPORT) this.#isDue = true;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ err: error }, 'a report did not arrive');
        this.#isDue = true;
        await parts.clock.sleep(backoffDelay(failures++, BACKOFF), signal).catch(() => {});
      }
    }
  }
}
