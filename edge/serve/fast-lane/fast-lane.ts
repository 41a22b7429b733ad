import { once } from 'node:events';
import type { Socket } from 'node:net';
import { clientOf } from '../../../shared/http/client-address.ts';
import type { Reader } from '../../../shared/http/forwarded.ts';
import { readerOf, SOURCE } from '../../../shared/http/source.ts';
import type { ClientLimits } from '../connection/client-limits.ts';
import { type ChunkReader, endReads, pauseReads, readDirectly } from '../connection/direct-reads.ts';
import type { Drain } from '../connection/drain.ts';
import type { Exchanges } from '../connection/exchanges.ts';
import { takenBytes } from '../connection/taken-bytes.ts';
import type { Turns } from '../connection/turns.ts';
import type { AccessLog } from '../metering/access-log.ts';
import type { Counters } from '../metering/counters.ts';
import type { RecentRequests } from '../metering/recent-requests.ts';
import type { LogClock } from '../site/log-clock.ts';
import type { Views } from '../site/views.ts';
import type { HotAnswers } from './hot-answers.ts';
import { exchangeOf } from './logged-exchange.ts';
import { type PlainFields, type PlainGet, Recogniser } from './recognise.ts';

/** The first request of a connection must arrive within this time. */
const FIRST_REQUEST_MS = 20_000;
/** After so many requests of one chunk, other connections may have their turn. */
const REQUESTS_IN_A_ROW = 8;

export interface FastLaneParts {
  readonly views: Views;
  readonly answers: HotAnswers<Buffer>;
  readonly counters: Counters;
  readonly recent: RecentRequests;
  readonly time: LogClock;
  readonly limits: ClientLimits;
  readonly exchanges: Exchanges;
  readonly drain: Drain;
  readonly turns: Turns;
  readonly accessLog: AccessLog | undefined;
  readonly scheme: 'http' | 'https';
  readonly keepAliveMs: number;
  /** Whether the connection was opened for another host. If so, the full server informs the client. */
  readonly isMisdirected: (connection: object, socket: object, host: string) => boolean;
  /** Hands a connection over to the full server, with all bytes of requests that are not yet answered. */
  readonly handOver: (socket: Socket) => void;
}

/**
 * The fast lane answers plain GETs of small files from memory in one write, without an HTTP parser. At the first
 * request that it does not recognise completely, it hands the connection over to the full server.
 */
export class FastLane {
  readonly #parts: FastLaneParts;
  readonly #open = new Set<Socket>();

  constructor(parts: FastLaneParts) {
    this.#parts = parts;
  }

  /** Takes a connection from which nothing has been read yet, and answers its requests. */
  take(socket: Socket): void {
    this.#open.add(socket);
    new LaneConnection(socket, this.#parts, () => this.#open.delete(socket));
  }

  /**
   * Closes the connections that wait for a request in the fast lane. The full server closes those that were handed
   * over.
   */
  closeConnections(): void {
    for (const socket of this.#open) socket.destroySoon();
  }
}

class LaneConnection implements ChunkReader {
  readonly #socket: Socket;
  readonly #parts: FastLaneParts;
  readonly #left: () => void;
  readonly #recogniser = new Recogniser();
  /** True for the connection of a proxy, which carries requests of several readers. */
  readonly #isProxied: boolean;
  /** The reader of the last request. */
  #reader: Reader;
  /** On the connection of a proxy, the header fields that named this reader. */
  #readFrom: PlainFields | undefined;
  #hasAnswered = false;

  constructor(socket: Socket, parts: FastLaneParts, left: () => void) {
    this.#socket = socket;
    this.#parts = parts;
    this.#left = left;
    this.#isProxied = socket[SOURCE]?.proxies !== undefined;
    this.#reader = readerOf(socket, {});
    socket.setTimeout(FIRST_REQUEST_MS);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('close', left);
    readDirectly(socket, this);
  }

  /** Answers all requests of a chunk. */
  read(chunk: Buffer) {
    const { views, answers, counters, recent, time, drain, turns, accessLog, keepAliveMs } = this.#parts;
    if (this.#socket.writableEnded) return;
    // While the edge is drained, the full server ends the connection with its next response.
    if (drain.isOn) return this.#handOver(chunk);
    const now = time.now();
    const second = Math.floor(now / 1000);
    let inARow = 0;
    for (let at = 0; at < chunk.length; ) {
      if (inARow++ === REQUESTS_IN_A_ROW) {
        if (turns.mustWait(performance.now())) return this.#goOnInTurn(chunk.subarray(at));
        inARow = 1;
      }
      const sites = views.current();
      if (sites instanceof Promise) return this.#goOnAfter(sites, chunk.subarray(at));
      const get = this.#recogniser.next(chunk, at);
      const answer = get && answers.find(get, sites, second);
      if (get === undefined || answer === undefined || !this.#isAllowed(get))
        return this.#handOverInTurn(chunk.subarray(at));
      at += get.bytes;
      answer.used(now);
      const { status, body } = answer.prepared;
      counters.count(answer.site, status, body.length, 0);
      recent.note(answer.site, get.target, get.fields.host, get.fields.referer);
      accessLog?.write(exchangeOf(get, answer, this.#parts.scheme, '1.1', this.#reader.address));
      const isTaken = this.#socket.write(answer.at(second));
      if (!this.#hasAnswered) {
        this.#hasAnswered = true;
        this.#socket.setTimeout(keepAliveMs);
      }
      // A reader who sends requests faster than they read the responses must not fill the memory of this process.
      if (!isTaken) return this.#goOnWhenRead(chunk.subarray(at));
    }
  }

  #isAllowed({ fields }: PlainGet): boolean {
    const { limits, isMisdirected, scheme } = this.#parts;
    if (isMisdirected(this.#socket, this.#socket, fields.host)) return false;
    const reader = this.#readerOf(fields);
    // If the reader reached the proxy without TLS, the full server redirects the reader.
    if (reader.scheme !== undefined && reader.scheme !== scheme) return false;
    return !limits.hasRate || limits.allows(reader.address, performance.now());
  }

  #readerOf(fields: PlainFields): Reader {
    if (!this.#isProxied || fields === this.#readFrom) return this.#reader;
    this.#readFrom = fields;
    this.#reader = readerOf(this.#socket, fields.forwarded);
    return this.#reader;
  }

  /** Continues when the reader has read the responses. Until then, they count as one exchange. */
  #goOnWhenRead(rest: Buffer): void {
    const socket = this.#socket;
    const exchange = this.#parts.exchanges.begin({
      client: clientOf(this.#reader.address),
      connection: socket,
      isSecure: this.#parts.scheme === 'https',
      takenBytes: () => takenBytes(socket),
      end: () => socket.destroy(),
    });
    if (exchange === undefined) {
      socket.destroy();
      return;
    }
    socket.once('close', exchange.close);
    const drained = once(socket, 'drain').finally(() => {
      socket.off('close', exchange.close);
      exchange.close();
    });
    this.#goOnAfter(drained, rest);
  }

  #goOnAfter(ready: Promise<unknown>, rest: Buffer): void {
    pauseReads(this.#socket);
    ready.then(() => this.#goOn(rest), this.#onError);
  }

  /** Continues when other connections have had their turn. */
  #goOnInTurn(rest: Buffer): void {
    pauseReads(this.#socket);
    this.#parts.turns.wait(clientOf(this.#reader.address), () => this.#goOn(rest));
  }

  #goOn(rest: Buffer): void {
    if (this.#socket.destroyed) return;
    // The socket flows from the next tick on, unless it is paused again before that.
    this.#socket.resume();
    this.read(rest);
  }

  /** Hands the connection over in this turn of the event loop, or in a later one: the full server takes its time. */
  #handOverInTurn(rest: Buffer): void {
    const { turns } = this.#parts;
    if (turns.mustWait(performance.now())) {
      pauseReads(this.#socket);
      // It waits for a response, so a process that ends must not close it like those that wait for a request.
      this.#left();
      turns.wait(clientOf(this.#reader.address), () => {
        if (!this.#socket.destroyed) this.#handOver(rest);
      });
    } else this.#handOver(rest);
  }

  #handOver(rest: Buffer): void {
    const socket = this.#socket;
    endReads(socket);
    socket.setTimeout(0);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', this.#onError);
    socket.off('close', this.#left);
    this.#left();
    socket.unshift(rest);
    this.#parts.handOver(socket);
    socket.resume();
  }

  readonly #onEnd = () => {
    this.#socket.end();
  };

  /** Called when the reader has sent nothing, or has read nothing of a response, for too long. */
  readonly #onTimeout = () => {
    this.#socket.destroy();
  };

  /** The reader has left, so there is nowhere to report the error. */
  readonly #onError = () => {
    this.#socket.destroy();
  };
}
