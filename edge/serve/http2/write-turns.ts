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
    let left = MOST_BYTES;
    for (const queue of [this.#running, this.#waiting]) {
      let done = 0;
      for (; done < queue.length && left > 0; done++) {
        const writer = queue[done];
        if (writer === undefined) break;
        const bytes = writer.writeSlice();
        writer.run += bytes;
        left -= bytes;
      }
      queue.splice(0, done);
    }
    if (this.#running.length + this.#waiting.length > 0) this.#next();
  };
}
