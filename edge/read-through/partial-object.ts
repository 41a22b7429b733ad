import type { ChunkList } from '../../shared/content/chunk-list.ts';
import { SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Draft } from '../../shared/store/object-store.ts';
import type { ChunkRun } from '../follow/fetch/large-objects.ts';
import { Spans } from './spans.ts';
import {
  type Availability,
  availabilityOf,
  type ChunkTransfer,
  isRequested,
  nextRun,
} from './transfer-plan.ts';
import type { TransferTurn } from './transfer-turns.ts';

/** Is notified when bytes of a partial object arrive. `fileName` is the name of the partial object's file. */
export interface Arrivals {
  /** Called when these bytes have been checked and written to the file. */
  arrived(fileName: string, span: ByteSpan): void;
  /** Called when the missing bytes cannot be fetched. */
  broke(fileName: string, error: SkerryError): void;
}

export interface PartialObjectParts {
  /** The name of the file. It is unique: even another partial object for the same object has a different file name. */
  readonly fileName: string;
  readonly list: ChunkList;
  /** Opens the file, which has the bytes that it had when it was last closed. */
  readonly open: () => Promise<Draft>;
  /**
   * Yields the checked chunks of a run, as many as one upstream delivers. Each chunk overwrites the buffer of the
   * previous one.
   */
  readonly chunks: (run: ChunkRun, attempt: number) => AsyncIterable<Buffer>;
  /** Requests a turn to fetch, on behalf of a client that waits. */
  readonly turn: (client: string) => TransferTurn;
  /** The transfer fails after this many attempts in a row without a new chunk. */
  readonly attempts: () => number;
  /** Called when the file has grown. */
  readonly grown: () => void;
  /**
   * Called when the partial object has ended: either the store now has the complete object (`isKept`), or the file was
   * discarded.
   */
  readonly ended: (isKept: boolean) => void;
}

/** A reader's claim on a range of a partial object. */
export interface PartialRead {
  readonly availability: Availability;
  /** The bytes of the range that the file already has. */
  readonly spans: readonly ByteSpan[];
  /** Must be called when the reader needs no more bytes. */
  release(): void;
}

interface RunningTransfer {
  next: number;
  end: number;
  turn: TransferTurn | undefined;
}

/** A run of chunks that readers wait for. `first` moves forward as chunks arrive. */
interface RequestedRun {
  first: number;
  readonly end: number;
  /** The number of waiting readers, by client. */
  readonly readers: Map<string, number>;
}

/**
 * A large object that the edge holds in part. Its file has holes: a transfer checks each chunk, writes it to its place
 * in the file and notifies the listeners, so readers can read it while other chunks are still missing. Only chunks that
 * a reader has requested are fetched. With the last chunk, the file becomes the object. After a restart, the file is
 * discarded, because nothing records which bytes it has.
 */
export class PartialObject {
  readonly #parts: PartialObjectParts;
  readonly #starts: number[] = [];
  readonly #held: Uint8Array;
  readonly #spans = new Spans();
  readonly #requested = new Map<string, RequestedRun>();
  readonly #transfers = new Set<RunningTransfer>();
  readonly #arrivals = new Map<Arrivals, number>();
  /**
   * Undefined while no transfer runs, because an edge may hold thousands of partial objects but has fewer descriptors.
   */
  #file: Promise<Draft> | undefined;
  #missing: number;
  #bytes = 0;
  #isEnded = false;
  #isDiscarded = false;

  constructor(parts: PartialObjectParts) {
    this.#parts = parts;
    let start = 0;
    for (const { size } of parts.list.chunks) {
      this.#starts.push(start);
      start += size;
    }
    this.#missing = this.#starts.length;
    this.#held = new Uint8Array(this.#missing);
  }

  get fileName(): string {
    return this.#parts.fileName;
  }

  /** Each chunk takes some hundred bytes of memory. */
  get chunkCount(): number {
    return this.#starts.length;
  }

  /** The bytes that the file takes on the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether readers read it or wait for it, a transfer runs, or the file is about to become the object. */
  get isBusy(): boolean {
    return this.#arrivals.size > 0 || this.#transfers.size > 0 || (this.#isEnded && this.#missing === 0);
  }

  /**
   * Begins to fetch the missing part of the range. `arrivals` is notified of all bytes that arrive until the release.
   */
  request(client: string, range: ByteSpan, arrivals: Arrivals): PartialRead {
    const run = { first: this.#chunkAt(range.start), end: this.#chunkAt(range.end - 1) + 1 };
    const availability = availabilityOf(run, { isHeld: this.#isHeld, transfers: [...this.#transfers] });
    const key = `${run.first} ${run.end}`;
    const requested = this.#requested.get(key) ?? { ...run, readers: new Map<string, number>() };
    addReader(requested, client, 1);
    this.#requested.set(key, requested);
    this.#arrivals.set(arrivals, (this.#arrivals.get(arrivals) ?? 0) + 1);
    for (const transfer of this.#transfers) if (overlap(transfer, requested)) transfer.turn?.add(client);
    this.#fetchMore();
    let isReleased = false;
    return {
      availability,
      spans: this.#spans.within(range),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        const left = (this.#arrivals.get(arrivals) ?? 0) - 1;
        if (left > 0) this.#arrivals.set(arrivals, left);
        else this.#arrivals.delete(arrivals);
        addReader(requested, client, -1);
        if (requested.readers.size === 0 && this.#requested.get(key) === requested)
          this.#requested.delete(key);
        for (const transfer of this.#transfers) if (!this.#isRequested(transfer)) transfer.turn?.giveUp();
        this.#rest();
      },
    };
  }

  /** Discards the file now, or when the last reader has left. Resolves without waiting for that reader. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    if (!this.isBusy) await this.#discardNow();
  }

  async #discardNow(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      await (await this.#opened()).discard();
    } finally {
      this.#parts.ended(false);
    }
  }

  #opened(): Promise<Draft> {
    this.#file ??= this.#parts.open();
    return this.#file;
  }

  /** When no transfer runs, closes the file, or deletes it if the object was discarded. */
  #rest(): void {
    if (this.#transfers.size > 0 || this.#isEnded) return;
    if (this.#isDiscarded && !this.isBusy) {
      this.#discardNow().catch(() => {});
      return;
    }
    const file = this.#file;
    this.#file = undefined;
    file?.then((draft) => draft.suspend()).catch(() => {});
  }

  readonly #isHeld = (chunk: number) => this.#held[chunk] === 1;

  #chunkAt(byte: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= byte) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #fetchMore(): void {
    if (this.#isEnded) return;
    for (const [key, run] of this.#requested) {
      while (run.first < run.end && this.#isHeld(run.first)) run.first++;
      if (run.first === run.end) this.#requested.delete(key);
    }
    for (;;) {
      const run = nextRun({
        isHeld: this.#isHeld,
        transfers: [...this.#transfers],
        requested: this.#requested.values(),
      });
      if (run === undefined) return;
      for (const other of this.#transfers)
        if (other.next < run.first && run.first < other.end) other.end = run.first;
      const transfer = { next: run.first, end: run.end, turn: undefined };
      this.#transfers.add(transfer);
      void this.#fetch(transfer);
    }
  }

  async #fetch(transfer: RunningTransfer): Promise<void> {
    try {
      await this.#fetchFromAny(transfer);
    } catch (error) {
      this.#transfers.delete(transfer);
      this.#fail(error);
      return this.#rest();
    }
    this.#transfers.delete(transfer);
    if (this.#missing === 0) return this.#keep();
    this.#fetchMore();
    this.#rest();
  }

  /**
   * If an upstream or a connection fails, the next attempt continues with the missing chunks, possibly at another
   * upstream.
   */
  async #fetchFromAny(transfer: RunningTransfer): Promise<void> {
    let fruitless = 0;
    for (let attempt = 0; ; attempt++) {
      const before = transfer.next;
      try {
        for (let isDone = false; !isDone; ) isDone = await this.#fetchInTurn(transfer, attempt);
        return;
      } catch (error) {
        fruitless = transfer.next > before ? 0 : fruitless + 1;
        if (fruitless >= this.#parts.attempts()) throw error;
      }
    }
  }

  /** Returns true if no reader needs more of the transfer, and false if the transfer must wait for its next turn. */
  async #fetchInTurn(transfer: RunningTransfer, attempt: number): Promise<boolean> {
    const turn = this.#turnFor(transfer);
    if (turn === undefined) return true;
    transfer.turn = turn;
    try {
      await turn.come;
      if (!this.#isRequested(transfer)) return true;
      for await (const bytes of this.#parts.chunks({ first: transfer.next, end: transfer.end }, attempt)) {
        await this.#take(transfer.next, bytes);
        transfer.next++;
        if (transfer.next >= transfer.end || !this.#isRequested(transfer)) return true;
        if (turn.isOver) return false;
      }
      throw new SkerryError(
        'corrupt-object',
        `the transfer of the object ${this.#parts.list.object} ended early`,
      );
    } finally {
      transfer.turn = undefined;
      turn.end();
    }
  }

  /**
   * All clients that wait for the transfer share one turn. As soon as one of them gets its turn, the transfer runs for
   * all.
   */
  #turnFor(transfer: RunningTransfer): TransferTurn | undefined {
    let turn: TransferTurn | undefined;
    for (const run of this.#requested.values()) {
      if (!overlap(transfer, run)) continue;
      for (const client of run.readers.keys()) {
        if (turn === undefined) turn = this.#parts.turn(client);
        else turn.add(client);
      }
    }
    return turn;
  }

  #isRequested(transfer: RunningTransfer): boolean {
    return isRequested(transfer, this.#requested.values(), this.#isHeld);
  }

  async #take(chunk: number, bytes: Buffer): Promise<void> {
    if (this.#isHeld(chunk)) return;
    const start = this.#starts[chunk] ?? 0;
    await (await this.#opened()).write(start, bytes);
    if (this.#isHeld(chunk)) return;
    this.#held[chunk] = 1;
    this.#missing--;
    this.#bytes += bytes.length;
    const span = { start, end: start + bytes.length };
    this.#spans.add(span);
    for (const arrivals of this.#arrivals.keys()) arrivals.arrived(this.#parts.fileName, span);
    this.#parts.grown();
  }

  async #keep(): Promise<void> {
    // Two transfers may both write the last chunk.
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      await (await this.#opened()).keep(this.#parts.list.object);
      this.#parts.ended(true);
    } catch (error) {
      this.#fail(error);
      await (await this.#parts.open()).discard().catch(() => {});
      this.#parts.ended(false);
    }
  }

  /**
   * Reports the failure to the readers. The file keeps its bytes, and the next reader's request starts another attempt.
   */
  #fail(error: unknown): void {
    this.#requested.clear();
    for (const arrivals of [...this.#arrivals.keys()])
      arrivals.broke(this.#parts.fileName, toSkerryError(error));
  }
}

function overlap(transfer: ChunkTransfer, run: ChunkRun): boolean {
  return run.first < transfer.end && transfer.next < run.end;
}

function addReader({ readers }: RequestedRun, client: string, difference: number): void {
  const count = (readers.get(client) ?? 0) + difference;
  if (count > 0) readers.set(client, count);
  else readers.delete(client);
}
