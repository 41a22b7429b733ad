import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { clientOf } from '../../../shared/http/client-address.ts';
import type { Reader } from '../../../shared/http/forwarded.ts';
import { readerOf, SOURCE } from '../../../shared/http/source.ts';
import { internalError } from '../answering/internal-error.ts';
import type { Respond } from '../answering/respond.ts';
import type { Sink } from '../answering/sink.ts';
import type { ClientLimits } from '../connection/client-limits.ts';
import type { Exchanges } from '../connection/exchanges.ts';
import { takenBytes } from '../connection/taken-bytes.ts';
import type { HotAnswers } from '../fast-lane/hot-answers.ts';
import { exchangeOf } from '../fast-lane/logged-exchange.ts';
import type { AccessLog } from '../metering/access-log.ts';
import type { Counters } from '../metering/counters.ts';
import type { RecentRequests } from '../metering/recent-requests.ts';
import type { TextAnswer } from '../site/answer.ts';
import type { LogClock } from '../site/log-clock.ts';
import type { Views } from '../site/views.ts';
import { ErrorCode } from './frames.ts';
import type { PreparedFrames } from './prepared-frames.ts';
import type { Answers, Ready, StreamEnder } from './requests.ts';
import type { Stream } from './stream.ts';
import { headersOf, rawHeadersOf, type StreamRequest } from './stream-request.ts';

const VERSION = '2.0';

export interface AnswersParts {
  readonly views: Views;
  readonly answers: HotAnswers<PreparedFrames>;
  readonly counters: Counters;
  readonly recent: RecentRequests;
  readonly time: LogClock;
  readonly limits: ClientLimits;
  readonly exchanges: Exchanges;
  readonly accessLog: AccessLog | undefined;
  readonly log: Logger;
  /** Whether the connection was opened for another host. */
  readonly isMisdirected: (connection: object, socket: object, host: string) => boolean;
  readonly respond: Respond;
}

/** Answers the requests of one connection: plain GETs from memory, all others as the full server answers them. */
export class ConnectionAnswers implements Answers {
  readonly #parts: AnswersParts;
  readonly #socket: Socket;
  /** The reader's address. Undefined for the connection of a proxy, which carries requests of several readers. */
  readonly #address: string | undefined;

  constructor(socket: Socket, parts: AnswersParts) {
    this.#socket = socket;
    this.#parts = parts;
    const isProxied = socket[SOURCE]?.proxies !== undefined;
    this.#address = isProxied ? undefined : readerOf(socket, {}).address;
  }

  ready(request: StreamRequest): Ready | undefined {
    const { views, answers, time, limits, isMisdirected } = this.#parts;
    const { target, plain: fields } = request;
    const sites = views.current();
    if (fields === undefined || sites instanceof Promise) return undefined;
    if (isMisdirected(this.#socket, this.#socket, fields.host)) return undefined;
    const { address, scheme } = this.#readerOf(request);
    // If the reader reached the proxy without TLS, the reader is redirected.
    if (scheme === 'http') return undefined;
    const now = time.now();
    const second = Math.floor(now / 1000);
    const answer = answers.find({ target, fields }, sites, second);
    if (answer === undefined) return undefined;
    if (limits.hasRate && !limits.allows(address, performance.now())) return undefined;
    return {
      frames: answer.at(second),
      given: () => {
        const { counters, recent, accessLog } = this.#parts;
        const { status, body } = answer.prepared;
        answer.used(now);
        counters.count(answer.site, status, body.length, 0);
        recent.note(answer.site, target, fields.host, fields.referer);
        accessLog?.write(exchangeOf({ target, fields }, answer, 'https', VERSION, address));
      },
    };
  }

  begin(stream: Stream, requests: StreamEnder): boolean {
    const socket = this.#socket;
    const exchange = this.#parts.exchanges.begin({
      client: clientOf(this.#readerOf(stream.request).address),
      connection: socket,
      isSecure: true,
      sharesConnection: true,
      takenBytes: () => takenBytes(socket),
      end: () => requests.reset(stream, ErrorCode.cancel),
    });
    if (exchange === undefined) return false;
    stream.exchange = exchange;
    stream.whenGone(exchange.close);
    return true;
  }

  answer(stream: Stream, sink: Sink, requests: StreamEnder): void {
    const { request } = stream;
    const { method, target, fields } = request;
    const { address, scheme } = this.#readerOf(request);
    const headers = headersOf(fields);
    this.#parts
      .respond(
        {
          ...{ method, target, version: VERSION, rawHeaders: rawHeadersOf(fields), headers },
          ...{ client: address, scheme: scheme ?? 'https', isSecure: true, connection: this.#socket },
          exchange: stream.exchange,
        },
        sink,
      )
      .catch((error) => {
        this.failed(error, target);
        requests.reset(stream, ErrorCode.cancel);
      });
  }

  failed(error: unknown, target: string): TextAnswer {
    return internalError(error, target, this.#parts.log);
  }

  date(): string {
    return this.#parts.time.date();
  }

  #readerOf({ forwarded }: StreamRequest): Reader {
    const address = this.#address;
    return address === undefined ? readerOf(this.#socket, forwarded) : { address, scheme: undefined };
  }
}
