/**
 * The limits of a process for all readers together, and for one client. The more other clients have, the less a client
 * may have (`allowance`).
 */
export interface ExchangeLimits {
  /** The maximum number of requests whose responses are not completely sent. */
  readonly requests: number;
  readonly clientRequests: number;
  /**
   * The maximum number of responses with a large body that are being sent. Each holds a file or memory. A response over
   * TLS counts as several.
   */
  readonly bodies: number;
  readonly clientBodies: number;
  readonly connectionBodies: number;
}

/**
 * At these limits, a process needs only some 250 MB for its exchanges, because it never sends faster than the reader
 * reads.
 */
export const EXCHANGE_LIMITS: ExchangeLimits = {
  requests: 8192,
  clientRequests: 2048,
  bodies: 4096,
  clientBodies: 1024,
  connectionBodies: 32,
};

/**
 * A large body over TLS counts as this many, because each write is copied, and the connection itself takes some 60 KB.
 * Bodies that share a connection also share its writes, so each of them counts as one.
 */
const SECURE_BODY_WEIGHT = 3;
/** The least time between two notes of an exchange's progress. A note costs more than the rest of an HTTP/2 frame. */
const NOTE_MS = 100;
/** An exchange ends when its reader accepts no bytes for this long. */
const STALLED_MS = 60_000;
/** The same limit for an exchange whose place another exchange waits for. */
const PRESSED_MS = 10_000;
/** How long a stream may stall while its reader accepts bytes of other streams on the same connection. */
const READ_BESIDE_MS = 10 * 60_000;
/** How long a large body may wait for a place. */
const WAIT_MS = 15_000;
const LOOK_MS = 1000;

export interface Reader {
  /** Names the client, as limits count it. */
  readonly client: string;
  readonly connection: object;
  readonly isSecure: boolean;
  /** How many bytes the connection has taken. Undefined if that is no longer known. */
  takenBytes?(): number | undefined;
  /**
   * True if the connection carries several responses at the same time. The bytes that it takes may belong to another
   * one.
   */
  readonly sharesConnection?: true;
  /** Aborts the response. */
  end(): void;
}

/** A request, from its head to the last byte of its response. */
export interface Exchange {
  /** Names the client, as limits count it. */
  readonly client: string;
  /** Must be called when the reader has taken bytes, and when there are new bytes to take. */
  progressed(): void;
  /**
   * Returns true when a large body may begin. Returns false if it has waited too long, or if `gone` resolves because
   * the reader has left.
   */
  beginBody(gone: () => Promise<void>): boolean | Promise<boolean>;
  close(): void;
}

/**
 * The requests that a process is answering, ordered by the time of their last progress, the earliest first. If a new
 * request needs room, the exchange that has stalled longest is ended, unless it made progress recently.
 */
export class Exchanges {
  readonly #limits: ExchangeLimits;
  readonly #now: () => number;
  readonly #open = new Set<OpenExchange>();
  readonly #requestsOf = new Map<string, number>();
  readonly #bodiesOf = new Map<string, number>();
  readonly #bodiesOn = new WeakMap<object, number>();
  readonly #waiting = new Set<Waiting>();
  /** When each connection with several responses last took bytes. */
  readonly #readAt = new WeakMap<object, number>();
  #bodies = 0;

  constructor(limits: ExchangeLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Regularly ends stalled exchanges until the process ends. */
  watch(): void {
    setInterval(() => {
      this.lookAtTaken();
      this.endStalled();
    }, LOOK_MS).unref();
  }

  /** Notes which readers have taken bytes. It must run more often than `endStalled`. */
  lookAtTaken(): void {
    const now = this.#now();
    // This loops over a copy, because an exchange that made progress moves to the end of the set.
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

  /** Begins an exchange. Returns undefined if the client or the process has too many exchanges already. */
  begin(reader: Reader): Exchange | undefined {
    const { requests, clientRequests } = this.#limits;
    const ofClient = this.#requestsOf.get(reader.client) ?? 0;
    if (ofClient > 0 && ofClient >= allowance(clientRequests, requests, this.#open.size - ofClient))
      return undefined;
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

  /**
   * The exchanges whose end would let a waiting body begin: all exchanges, or only those of the waiting body's client
   * or connection.
   */
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
    const now = this.#now();
    if (now - exchange.at < NOTE_MS) return;
    exchange.at = now;
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
    const { bodies, clientBodies } = this.#limits;
    const ofClient = this.#bodiesOf.get(exchange.client) ?? 0;
    const most = allowance(clientBodies, bodies, this.#bodies - ofClient);
    return ofClient > 0 && ofClient + weightOf(exchange) > most;
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

/**
 * What a client may have of a limit: it shrinks with the square of what other clients leave. So twenty clients that
 * take all they can get, one after another, leave a seventh for others. With a fixed limit, four would leave nothing.
 */
function allowance(ofClient: number, ofProcess: number, ofOthers: number): number {
  return ofClient * (1 - ofOthers / ofProcess) ** 2;
}

function weightOf({ isSecure, sharesConnection }: Reader): number {
  return isSecure && !sharesConnection ? SECURE_BODY_WEIGHT : 1;
}

/**
 * How long a response may stall. It may stall longer if the reader has recently read other bytes from the connection.
 */
function patience(unread: number, most: number, mostWhileRead: number): number {
  return unread < most ? mostWhileRead : most;
}

interface OpenExchange extends Reader {
  /** The time of its last progress. */
  at: number;
  hasBody: boolean;
  /** The bytes that the connection had taken at the last check. */
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
