/** What a process takes on for all readers together, and for one client. */
export interface ExchangeLimits {
  /** Requests whose answers are not sent yet. */
  readonly requests: number;
  readonly clientRequests: number;
  /** Answers with a large body that are being sent: each holds a file, or memory. One over TLS counts as several. */
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

/** What a large body over TLS counts as: what is written at once is copied, and a connection takes some 60 KB by itself. */
const SECURE_BODY_WEIGHT = 3;
/** A reader who takes nothing for so long while an answer waits is ended. */
const STALLED_MS = 60_000;
/** The same where its end makes room for another. */
const PRESSED_MS = 10_000;
/** A stream whose connection is read meanwhile shows no progress of its own: the reader may be slow, and have many. */
const READ_BESIDE_MS = 10 * 60_000;
/** How long a large body waits for a place. */
const WAIT_MS = 15_000;
const LOOK_MS = 1000;

export interface Reader {
  /** What counts as one client. */
  readonly client: string;
  readonly connection: object;
  readonly isSecure: boolean;
  /** How much the connection has taken, for as long as that can be known. */
  takenBytes?(): number | undefined;
  /** It has other answers at the same time: what it takes may be of those. */
  readonly sharesConnection?: true;
  /** Breaks its answer off. */
  end(): void;
}

/** A request from its head to the last byte of its answer. */
export interface Exchange {
  /** What counts as one client. */
  readonly client: string;
  /** The reader has taken something, or there is something new to take. */
  progressed(): void;
  /** True when a large body may begin; false when no other one has made room in time, or `gone` says that nobody waits. */
  beginBody(gone: () => Promise<void>): boolean | Promise<boolean>;
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
  /** When connections with several answers at a time have last taken something. */
  readonly #readAt = new WeakMap<object, number>();
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
      if (exchange.sharesConnection) this.#readAt.set(exchange.connection, now);
      else this.#progressed(exchange);
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
    const wanted = this.#wantedPlaces();
    for (const exchange of this.#open) {
      const stalled = now - exchange.at;
      if (stalled < PRESSED_MS) return;
      const unread = now - (this.#readAt.get(exchange.connection) ?? Number.NEGATIVE_INFINITY);
      const most = wanted.has(exchange)
        ? patience(unread, PRESSED_MS, STALLED_MS)
        : patience(unread, STALLED_MS, READ_BESIDE_MS);
      if (stalled >= most) this.#end(exchange);
    }
  }

  /** Who would make room for a body that waits: one may be held back by what its own reader has alone. */
  #wantedPlaces(): { has(exchange: OpenExchange): boolean } {
    let isAnyWanted = false;
    const clients = new Set<string>();
    const connections = new Set<object>();
    for (const { exchange } of this.#waiting) {
      const { client, connection } = exchange;
      if (this.#isConnectionFull(exchange)) connections.add(connection);
      else if (this.#isClientFull(exchange)) clients.add(client);
      else isAnyWanted = true;
    }
    return {
      has: ({ hasBody, client, connection }) =>
        hasBody && (isAnyWanted || clients.has(client) || connections.has(connection)),
    };
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
    this.#bodies -= weightOf(exchange);
    addTo(this.#bodiesOf, exchange.client, -weightOf(exchange));
    addTo(this.#bodiesOn, exchange.connection, -1);
    this.#letIn();
  }

  #beginBody(exchange: OpenExchange, gone: () => Promise<void>): boolean | Promise<boolean> {
    if (exchange.hasBody) return true;
    if (!this.#hasRoomFor(exchange)) return this.#placed(exchange, gone());
    this.#place(exchange);
    return true;
  }

  async #placed(exchange: OpenExchange, gone: Promise<void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { exchange, letIn: () => resolve(true) };
    this.#waiting.add(waiting);
    const timer = setTimeout(resolve, WAIT_MS, false);
    try {
      return await Promise.race([promise, gone.then(() => false)]);
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

  #hasRoomFor(exchange: OpenExchange): boolean {
    return (
      this.#bodies + weightOf(exchange) <= this.#limits.bodies &&
      !this.#isClientFull(exchange) &&
      !this.#isConnectionFull(exchange)
    );
  }

  #isClientFull(exchange: OpenExchange): boolean {
    const bodies = this.#bodiesOf.get(exchange.client) ?? 0;
    return bodies + weightOf(exchange) > this.#limits.clientBodies;
  }

  #isConnectionFull({ connection }: OpenExchange): boolean {
    return (this.#bodiesOn.get(connection) ?? 0) >= this.#limits.connectionBodies;
  }

  #place(exchange: OpenExchange): void {
    if (!this.#open.has(exchange)) return;
    exchange.hasBody = true;
    this.#progressed(exchange);
    this.#bodies += weightOf(exchange);
    addTo(this.#bodiesOf, exchange.client, weightOf(exchange));
    addTo(this.#bodiesOn, exchange.connection, 1);
  }
}

function weightOf({ isSecure }: Reader): number {
  return isSecure ? SECURE_BODY_WEIGHT : 1;
}

/** How long an answer may stand still, by how long its connection has. */
function patience(unread: number, most: number, mostWhileRead: number): number {
  return unread < most ? mostWhileRead : most;
}

interface OpenExchange extends Reader {
  /** The time of its last progress. */
  at: number;
  hasBody: boolean;
  /** What the connection had taken at the last look. */
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
