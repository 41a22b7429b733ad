/** What a process takes on for all readers together, and for one client. */
export interface ExchangeLimits {
  /** Requests whose answers are not sent yet. */
  readonly requests: number;
  readonly clientRequests: number;
  /** Answers with a large body that are being sent: each holds a file, or memory. */
  readonly bodies: number;
  readonly clientBodies: number;
  readonly connectionBodies: number;
}

/** An edge that sends to as many as these at once, and to none faster than it reads, takes some 250 MB for it. */
export const EXCHANGE_LIMITS: ExchangeLimits = {
  requests: 8192,
  clientRequests: 2048,
  bodies: 4096,
  clientBodies: 1024,
  connectionBodies: 32,
};

/** A reader who takes nothing for so long while an answer waits is ended. */
const STALLED_MS = 60_000;
/** The same while others wait for its place. */
const PRESSED_MS = 10_000;
/** How long a large body waits for a place. */
const WAIT_MS = 15_000;
const LOOK_MS = 1000;

export interface Reader {
  /** What counts as one client. */
  readonly client: string;
  readonly connection: object;
  /** Of a connection that has one answer at a time: how much it has taken, for as long as that can be known. */
  takenBytes?(): number | undefined;
  /** Breaks its answer off. */
  end(): void;
}

/** A request from its head to the last byte of its answer. */
export interface Exchange {
  /** What counts as one client. */
  readonly client: string;
  /** The reader has taken something, or there is something new to take. */
  progressed(): void;
  /** True when a large body may begin; false when no other one has made room in time. Throws when what `gone` gives rejects. */
  beginBody(gone: () => Promise<never>): boolean | Promise<boolean>;
  close(): void;
}

/**
 * The requests that a process is answering, those that made progress longest ago first. Who reads nothing makes room
 * when others need it: it is the stalest that goes, never whoever came last.
 */
export class Exchanges {
  readonly #limits: ExchangeLimits;
  readonly #now: () => number;
  readonly #open = new Set<OpenExchange>();
  readonly #requestsOf = new Map<string, number>();
  readonly #bodiesOf = new Map<string, number>();
  readonly #bodiesOn = new WeakMap<object, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #ofStreams = new WeakMap<object, Exchange>();
  #bodies = 0;

  constructor(limits: ExchangeLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Ends the stalled again and again, for as long as the process lives. */
  watch(): void {
    setInterval(() => {
      this.lookAtTaken();
      this.endStalled();
    }, LOOK_MS).unref();
  }

  /** Notes who has taken something of what was written; to be called more often than readers are ended. */
  lookAtTaken(): void {
    const now = this.#now();
    // A copy: who has taken something moves to its end.
    for (const exchange of [...this.#open]) {
      if (now - exchange.at < LOOK_MS) return;
      const taken = exchange.takenBytes?.();
      if (taken === undefined || taken === exchange.taken) continue;
      exchange.taken = taken;
      this.#progressed(exchange);
    }
  }

  get size(): number {
    return this.#open.size;
  }

  /** Undefined when the client, or the process, has too much to answer already. */
  begin(reader: Reader): Exchange | undefined {
    const { requests, clientRequests } = this.#limits;
    const ofClient = this.#requestsOf.get(reader.client) ?? 0;
    if (ofClient >= clientRequests) return undefined;
    if (this.#open.size >= requests && !this.#endStalest()) return undefined;
    const exchange: OpenExchange = {
      ...reader,
      at: this.#now(),
      hasBody: false,
      taken: reader.takenBytes?.(),
    };
    this.#open.add(exchange);
    this.#requestsOf.set(reader.client, ofClient + 1);
    return {
      client: reader.client,
      progressed: () => this.#progressed(exchange),
      beginBody: (gone) => this.#beginBody(exchange, gone),
      close: () => this.#close(exchange),
    };
  }

  /** Begins the exchange of a stream of HTTP/2, which others find by it. */
  beginStream(stream: object, reader: Reader): Exchange | undefined {
    const exchange = this.begin(reader);
    if (exchange !== undefined) this.#ofStreams.set(stream, exchange);
    return exchange;
  }

  of(stream: object): Exchange | undefined {
    return this.#ofStreams.get(stream);
  }

  endStalled(): void {
    const now = this.#now();
    const isPressed = this.#waiting.size > 0;
    for (const exchange of this.#open) {
      const stalled = now - exchange.at;
      if (stalled < PRESSED_MS) return;
      if (stalled >= STALLED_MS || (isPressed && exchange.hasBody)) this.#end(exchange);
    }
  }

  #endStalest(): boolean {
    const [stalest] = this.#open;
    if (stalest === undefined || this.#now() - stalest.at < PRESSED_MS) return false;
    this.#end(stalest);
    return true;
  }

  #end(exchange: OpenExchange): void {
    this.#close(exchange);
    exchange.end();
  }

  #progressed(exchange: OpenExchange): void {
    exchange.at = this.#now();
    if (this.#open.delete(exchange)) this.#open.add(exchange);
  }

  #close(exchange: OpenExchange): void {
    if (!this.#open.delete(exchange)) return;
    addTo(this.#requestsOf, exchange.client, -1);
    if (!exchange.hasBody) return;
    exchange.hasBody = false;
    this.#bodies--;
    addTo(this.#bodiesOf, exchange.client, -1);
    addTo(this.#bodiesOn, exchange.connection, -1);
    this.#letIn();
  }

  #beginBody(exchange: OpenExchange, gone: () => Promise<never>): boolean | Promise<boolean> {
    if (exchange.hasBody) return true;
    if (!this.#hasRoomFor(exchange)) return this.#placed(exchange, gone());
    this.#place(exchange);
    return true;
  }

  async #placed(exchange: OpenExchange, gone: Promise<never>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { exchange, letIn: () => resolve(true) };
    this.#waiting.add(waiting);
    const timer = setTimeout(resolve, WAIT_MS, false);
    try {
      return await Promise.race([promise, gone]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    }
  }

  #letIn(): void {
    for (const waiting of this.#waiting) {
      if (this.#bodies >= this.#limits.bodies) return;
      if (!this.#hasRoomFor(waiting.exchange)) continue;
      this.#waiting.delete(waiting);
      this.#place(waiting.exchange);
      waiting.letIn();
    }
  }

  #hasRoomFor({ client, connection }: OpenExchange): boolean {
    const { bodies, clientBodies, connectionBodies } = this.#limits;
    return (
      this.#bodies < bodies &&
      (this.#bodiesOf.get(client) ?? 0) < clientBodies &&
      (this.#bodiesOn.get(connection) ?? 0) < connectionBodies
    );
  }

  #place(exchange: OpenExchange): void {
    if (!this.#open.has(exchange)) return;
    exchange.hasBody = true;
    this.#progressed(exchange);
    this.#bodies++;
    addTo(this.#bodiesOf, exchange.client, 1);
    addTo(this.#bodiesOn, exchange.connection, 1);
  }
}

interface OpenExchange extends Reader {
  at: number;
  hasBody: boolean;
  /** When it was looked at last. */
  taken: number | undefined;
}

interface Waiting {
  readonly exchange: OpenExchange;
  letIn(): void;
}

interface Counts<K> {
  get(key: K): number | undefined;
  set(key: K, count: number): unknown;
  delete(key: K): unknown;
}

function addTo<K>(counts: Counts<K>, key: K, difference: number): void {
  const count = (counts.get(key) ?? 0) + difference;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
