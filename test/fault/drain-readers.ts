import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Client } from 'undici';

/** Where a reader may open connections, as a load balancer knows it. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly secureUrl: string;
}

export interface ReadersOptions {
  /** The target for a new connection. */
  readonly choose: () => Target;
  readonly host: string;
  /** The host that requests over HTTP/2 name. The edge has a certificate for it. */
  readonly secureHost: string;
  readonly paths: readonly string[];
  readonly isRight: (path: string, body: string) => boolean;
  /** Readers over HTTP/1.1, and over HTTP/2. Each has one connection. */
  readonly http1: number;
  readonly http2: number;
  /** Requests per second of all readers together. */
  readonly rate: number;
}

/** Readers that keep their connections, and honour what a server says of their end. */
export class Readers {
  readonly #options: ReadersOptions;
  readonly #stopping = new AbortController();
  readonly #at: string[] = [];
  readonly #running: Promise<void>[];
  answered = 0;
  /** HTTP/2 requests that the server said it had not begun, which a reader may send again. */
  repeated = 0;
  readonly failures: string[] = [];

  constructor(options: ReadersOptions) {
    this.#options = options;
    const all = options.http1 + options.http2;
    this.#running = Array.from({ length: all }, (_, i) =>
      this.#read(
        i,
        i < options.http1 ? new OverHttp1(options) : new OverHttp2(options, () => this.repeated++),
      ),
    );
  }

  /** How many readers had their last answer from this target. */
  at(name: string): number {
    return this.#at.filter((at) => at === name).length;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #read(index: number, connection: Connection): Promise<void> {
    const { paths, isRight, http1, http2, rate } = this.#options;
    const every = (1000 * (http1 + http2)) / rate;
    let due = performance.now() + Math.random() * every;
    for (let i = index; !this.#stopping.signal.aborted; i++) {
      const path = paths[i % paths.length] ?? '/';
      try {
        const { name, status, body } = await connection.get(path);
        this.#at[index] = name;
        if (status !== 200 || !isRight(path, body)) this.failures.push(`${path} at ${name}: ${status}`);
        this.answered++;
      } catch (error) {
        this.failures.push(`${path} of reader ${index}: ${String(error)}`);
      }
      // A reader that is late does not send more at once.
      due = Math.max(due + every, performance.now());
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
    await connection.close();
  }
}

interface Answer {
  readonly name: string;
  readonly status: number;
  readonly body: string;
}

interface Connection {
  get(path: string): Promise<Answer>;
  close(): Promise<void>;
}

class OverHttp1 implements Connection {
  readonly #options: ReadersOptions;
  #open: { readonly target: Target; readonly client: Client } | undefined;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  async get(path: string): Promise<Answer> {
    const { target, client } = this.#connected();
    const { statusCode: status, body } = await client.request({
      ...{ method: 'GET', path, headers: { host: this.#options.host } },
    });
    return { name: target.name, status, body: await body.text() };
  }

  async close(): Promise<void> {
    await this.#open?.client.close();
  }

  #connected() {
    if (this.#open !== undefined) return this.#open;
    const target = this.#options.choose();
    const client = new Client(target.url);
    const open = { target, client };
    client.once('disconnect', () => {
      if (this.#open === open) this.#open = undefined;
      client.close().catch(() => {});
    });
    this.#open = open;
    return open;
  }
}

class OverHttp2 implements Connection {
  readonly #options: ReadersOptions;
  readonly #repeats: () => void;
  #open: { readonly target: Target; readonly session: ClientHttp2Session } | undefined;

  constructor(options: ReadersOptions, repeats: () => void) {
    this.#options = options;
    this.#repeats = repeats;
  }

  async get(path: string): Promise<Answer> {
    const { target, session } = this.#connected();
    const stream = session.request({ ':path': path, ':authority': this.#options.secureHost });
    let status = 0;
    let body = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (piece: string) => {
      body += piece;
    });
    try {
      await once(stream, 'end');
    } catch (error) {
      if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) throw error;
      this.#repeats();
      return this.get(path);
    }
    return { name: target.name, status, body };
  }

  async close(): Promise<void> {
    const session = this.#open?.session;
    if (session === undefined || session.destroyed) return;
    session.close();
    await once(session, 'close');
  }

  #connected() {
    if (this.#open !== undefined && !this.#open.session.closed) return this.#open;
    const target = this.#options.choose();
    const session = connect(target.secureUrl, {
      rejectUnauthorized: false,
      servername: this.#options.secureHost,
    });
    session.on('error', () => {});
    this.#open = { target, session };
    return this.#open;
  }
}
