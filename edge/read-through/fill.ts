import type { ChunkList } from '../../shared/content/chunk-list.ts';
import { SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Draft } from '../../shared/store/object-store.ts';
import type { ChunkRun } from '../follow/fetch/large-objects.ts';
import { type Finding, finding, isWanted, type Lane, nextRun } from './fill-plan.ts';
import type { LaneTurn } from './lane-turns.ts';
import { Spans } from './spans.ts';

/** Told of what comes in of objects that it waits for, by the name of the fill. */
export interface Arrivals {
  /** These bytes are in the file, and checked. */
  arrived(fill: string, span: ByteSpan): void;
  /** What is not there yet does not come. */
  broke(fill: string, error: SkerryError): void;
}

export interface FillParts {
  /** Of its file, and of no other fill's, not even of the same object. */
  readonly name: string;
  readonly list: ChunkList;
  /** Its file, with what was in it when it was closed last. */
  readonly open: () => Promise<Draft>;
  /** The chunks of a run, checked, as far as one upstream brings them; the bytes of one are overwritten by the next. */
  readonly chunks: (run: ChunkRun, attempt: number) => AsyncIterable<Buffer>;
  /** A turn at fetching, for a client that waits. */
  readonly turn: (client: string) => LaneTurn;
  /** How many tries there are without a chunk between them. */
  readonly attempts: () => number;
  /** So many more bytes are on the disk. */
  readonly grown: () => void;
  /** There is no fill of it any more: the object is in the store, or what was there of it is thrown away. */
  readonly ended: (isKept: boolean) => void;
}

export interface Wish {
  readonly finding: Finding;
  /** What is there already of what is wanted. */
  readonly spans: readonly ByteSpan[];
  /** The reader has what it wants, or is gone. */
  release(): void;
}

interface RunningLane {
  next: number;
  end: number;
  turn: LaneTurn | undefined;
}

/** What readers wait for of one run; `first` moves on as chunks come in. */
interface Want {
  first: number;
  readonly end: number;
  /** Readers by their client. */
  readonly readers: Map<string, number>;
}

/**
 * One large object on its way in. Its file has holes: each chunk is checked, written to its place and told of, and is
 * read from there while others are still missing. Only what somebody waits for is fetched. When the last chunk is
 * there the file becomes the object; what a process leaves of one that is not whole, the next one throws away.
 */
export class Fill {
  readonly #parts: FillParts;
  readonly #starts: number[] = [];
  readonly #held: Uint8Array;
  readonly #spans = new Spans();
  readonly #wants = new Map<string, Want>();
  readonly #lanes = new Set<RunningLane>();
  readonly #arrivals = new Map<Arrivals, number>();
  /** Undefined while nothing comes in: there may be thousands of which some is there. */
  #file: Promise<Draft> | undefined;
  #missing: number;
  #bytes = 0;
  #isEnded = false;
  #isUnwanted = false;

  constructor(parts: FillParts) {
    this.#parts = parts;
    let start = 0;
    for (const { size } of parts.list.chunks) {
      this.#starts.push(start);
      start += size;
    }
    this.#missing = this.#starts.length;
    this.#held = new Uint8Array(this.#missing);
  }

  get name(): string {
    return this.#parts.name;
  }

  /** In memory each takes some hundred bytes. */
  get chunkCount(): number {
    return this.#starts.length;
  }

  /** On the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether somebody reads it or waits for it, or something of it still comes in. */
  get isBusy(): boolean {
    return this.#arrivals.size > 0 || this.#lanes.size > 0 || (this.#isEnded && this.#missing === 0);
  }

  /** Begins to fetch what is missing of the range; `arrivals` hears of all that comes in until it is released. */
  want(client: string, range: ByteSpan, arrivals: Arrivals): Wish {
    const run = { first: this.#chunkAt(range.start), end: this.#chunkAt(range.end - 1) + 1 };
    const found = finding(run, { isHeld: this.#isHeld, lanes: [...this.#lanes] });
    const key = `${run.first} ${run.end}`;
    const want = this.#wants.get(key) ?? { ...run, readers: new Map<string, number>() };
    addReader(want, client, 1);
    this.#wants.set(key, want);
    this.#arrivals.set(arrivals, (this.#arrivals.get(arrivals) ?? 0) + 1);
    for (const lane of this.#lanes) if (overlap(lane, want)) lane.turn?.add(client);
    this.#fetchMore();
    let isReleased = false;
    return {
      finding: found,
      spans: this.#spans.within(range),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        const left = (this.#arrivals.get(arrivals) ?? 0) - 1;
        if (left > 0) this.#arrivals.set(arrivals, left);
        else this.#arrivals.delete(arrivals);
        addReader(want, client, -1);
        if (want.readers.size === 0 && this.#wants.get(key) === want) this.#wants.delete(key);
        for (const lane of this.#lanes) if (!this.#isWanted(lane)) lane.turn?.giveUp();
        this.#rest();
      },
    };
  }

  /** Throws away what is there, when nobody reads it any more; resolves at once when somebody does. */
  async discard(): Promise<void> {
    this.#isUnwanted = true;
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

  /** When nothing comes in any more. */
  #rest(): void {
    if (this.#lanes.size > 0 || this.#isEnded) return;
    if (this.#isUnwanted && !this.isBusy) {
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
    for (const [key, want] of this.#wants) {
      while (want.first < want.end && this.#isHeld(want.first)) want.first++;
      if (want.first === want.end) this.#wants.delete(key);
    }
    for (;;) {
      const run = nextRun({
        isHeld: this.#isHeld,
        lanes: [...this.#lanes],
        wants: this.#wants.values(),
      });
      if (run === undefined) return;
      for (const lane of this.#lanes) if (lane.next < run.first && run.first < lane.end) lane.end = run.first;
      const lane = { next: run.first, end: run.end, turn: undefined };
      this.#lanes.add(lane);
      void this.#fetch(lane);
    }
  }

  async #fetch(lane: RunningLane): Promise<void> {
    try {
      await this.#fetchFromAny(lane);
    } catch (error) {
      this.#lanes.delete(lane);
      this.#fail(error);
      return this.#rest();
    }
    this.#lanes.delete(lane);
    if (this.#missing === 0) return this.#keep();
    this.#fetchMore();
    this.#rest();
  }

  /** Goes on with another upstream, or another connection, where one broke off. */
  async #fetchFromAny(lane: RunningLane): Promise<void> {
    let fruitless = 0;
    for (let attempt = 0; ; attempt++) {
      const before = lane.next;
      try {
        for (let isDone = false; !isDone; ) isDone = await this.#fetchInTurn(lane, attempt);
        return;
      } catch (error) {
        fruitless = lane.next > before ? 0 : fruitless + 1;
        if (fruitless >= this.#parts.attempts()) throw error;
      }
    }
  }

  /** True when the lane has brought all that is wanted of it; false when it has to wait for its next turn. */
  async #fetchInTurn(lane: RunningLane, attempt: number): Promise<boolean> {
    const turn = this.#turnFor(lane);
    if (turn === undefined) return true;
    lane.turn = turn;
    try {
      await turn.come;
      if (!this.#isWanted(lane)) return true;
      for await (const bytes of this.#parts.chunks({ first: lane.next, end: lane.end }, attempt)) {
        await this.#take(lane.next, bytes);
        lane.next++;
        if (lane.next >= lane.end || !this.#isWanted(lane)) return true;
        if (turn.isOver) return false;
      }
      throw new SkerryError('corrupt-object', `the object ${this.#parts.list.object} is cut off`);
    } finally {
      lane.turn = undefined;
      turn.end();
    }
  }

  /** The best turn of all who wait for something of the lane; undefined when nobody does. */
  #turnFor(lane: RunningLane): LaneTurn | undefined {
    let turn: LaneTurn | undefined;
    for (const want of this.#wants.values()) {
      if (!overlap(lane, want)) continue;
      for (const client of want.readers.keys()) {
        if (turn === undefined) turn = this.#parts.turn(client);
        else turn.add(client);
      }
    }
    return turn;
  }

  #isWanted(lane: RunningLane): boolean {
    return isWanted(lane, this.#wants.values(), this.#isHeld);
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
    for (const arrivals of this.#arrivals.keys()) arrivals.arrived(this.#parts.name, span);
    this.#parts.grown();
  }

  async #keep(): Promise<void> {
    // Two lanes may end with the last chunk.
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

  /** What is there stays; whoever comes next tries again. */
  #fail(error: unknown): void {
    this.#wants.clear();
    for (const arrivals of [...this.#arrivals.keys()]) arrivals.broke(this.#parts.name, toSkerryError(error));
  }
}

function overlap(lane: Lane, want: ChunkRun): boolean {
  return want.first < lane.end && lane.next < want.end;
}

function addReader({ readers }: Want, client: string, difference: number): void {
  const count = (readers.get(client) ?? 0) + difference;
  if (count > 0) readers.set(client, count);
  else readers.delete(client);
}
