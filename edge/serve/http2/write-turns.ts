/** For so many bytes, a turn of the event loop may write before everything else gets its turn. */
const MOST_BYTES = 512 * 1024;
/** A connection may write so many bytes before those that wait come into turn. */
const MOST_RUN_BYTES = 2 * 1024 * 1024;

/** A connection that has more to write. */
export interface SliceWriter {
  /** What it has written in a row. */
  run: number;
  /** Writes the next slice, and returns its size. */
  writeSlice(): number;
}

/**
 * Decides which connections write their next slices of large bodies. A connection writes several slices in a row, as
 * long as its reader takes them at once: its memory is in the processor's caches then, which the slices of all
 * connections together would exceed.
 */
export class WriteTurns {
  /** Connections whose run goes on. */
  readonly #running: SliceWriter[] = [];
  readonly #waiting: SliceWriter[] = [];
  #isDue = false;

  /** The connection writes a slice in this turn of the event loop or in a later one. It must not wait already. */
  wait(writer: SliceWriter): void {
    if (writer.run < MOST_RUN_BYTES) this.#running.push(writer);
    else {
      writer.run = 0;
      this.#waiting.push(writer);
    }
    this.#next();
  }

  #next(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    this.#isDue = false;
    const left = MOST_BYTES - writeSome(this.#running, MOST_BYTES);
    // Those that wait write at least one slice, or newcomers with short bodies would keep them waiting for ever.
    writeSome(this.#waiting, Math.max(1, left));
    if (this.#running.length + this.#waiting.length > 0) this.#next();
  };
}

/** Lets writers write until `most` bytes are reached. Returns how many bytes there were. */
function writeSome(queue: SliceWriter[], most: number): number {
  let written = 0;
  let done = 0;
  for (const writer of [...queue]) {
    if (written >= most) break;
    const bytes = writer.writeSlice();
    writer.run += bytes;
    written += bytes;
    done++;
  }
  queue.splice(0, done);
  return written;
}
