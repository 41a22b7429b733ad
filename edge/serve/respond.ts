import type { ServerHttp2Stream } from 'node:http2';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../../shared/http/client-address.ts';
import type { Scheme } from '../../shared/http/forwarded.ts';
import type { ClientLimits } from './connection/client-limits.ts';
import type { Drain } from './connection/drain.ts';
import type { Exchange, Exchanges } from './connection/exchanges.ts';
import { PacedConnection } from './connection/paced-connection.ts';
import { checkHead } from './connection/request-head.ts';
import type { Counters } from './metering/counters.ts';
import { type SentExchange, send } from './send.ts';
import { NO_BODY, textAnswer, withoutBody } from './site/answer.ts';
import type { ReaderHeaders, ReaderRequest } from './site/decide.ts';
import type { LogClock } from './site/log-clock.ts';
import { refererPath } from './site/referer.ts';
import type { SiteAnswer, SiteHandler } from './site/site-handler.ts';
import type { Views } from './site/views.ts';
import { isMisdirected } from './tls/misdirected.ts';
import type { Tls } from './tls/tls.ts';
import { waitingReader } from './waiting-reader.ts';

/** The responses that this module creates itself are short and need no exchange. */
const SMALL_ALONE: SentExchange = { beginBody: () => false, progressed: () => {} };

declare module 'fastify' {
  interface FastifyRequest {
    /** The site that answered, and the host that the request named. */
    served?: { readonly site: string | undefined; readonly host: string | undefined };
    /** The scheme that the reader used: that of the connection, unless a trusted proxy names another. */
    scheme: Scheme;
  }
}

export interface ResponderParts {
  readonly views: Views;
  readonly time: LogClock;
  readonly counters: Counters;
  readonly limits: ClientLimits;
  readonly exchanges: Exchanges;
  readonly drain: Drain;
  /** Plain HTTP redirects to HTTPS when there is a certificate for the host. Undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
}

/** The result of a step: the input of the next step, or a response, which ends the sequence. */
type Step<Next> =
  | ({ readonly kind: 'next' } & Next)
  | { readonly kind: 'answered'; readonly answer: SiteAnswer };

interface Received {
  readonly asked: ReaderRequest;
  readonly host: string | undefined;
  readonly exchange: Exchange;
}

interface Selected {
  readonly site: SiteHandler;
}

/**
 * Handles a request in four steps: receives it, selects the site by the host, asks the site, and sends the response.
 */
export function responder(
  { views, time, counters, limits, exchanges, drain, tls }: ResponderParts,
  scheme: Scheme,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    reply.header('date', time.date());
    if (drain.isOn && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
    const received = receive(request, reply);
    if (received.kind === 'answered') return sendSmall(received.answer, reply);
    const selected = await select(received, request);
    if (selected.kind === 'answered') return sendSmall(selected.answer, reply);
    const { asked, exchange } = received;
    const { site } = selected;
    const reader = waitingReader(exchange.client, reply);
    const answer = await site.answer(asked, reader);
    if (answer.isExcess) counters.countExcess(site.name);
    if (isMissing(answer.status) && refererPath(asked) !== undefined) counters.countBroken(site.name);
    await send(answer, { exchange, reader, reply });
    return reply;
  };

  /** Checks a request before its site is known. */
  function receive(request: FastifyRequest, reply: FastifyReply): Step<Received> {
    const exchange = begun(request, reply);
    if (exchange === undefined)
      return answered(textAnswer(503, 'Too many requests wait for their answers\n', { 'retry-after': '1' }));
    const head = checkHead({
      target: request.raw.url ?? '',
      httpVersion: request.raw.httpVersion,
      rawHeaders: request.raw.rawHeaders,
    });
    if (head.kind === 'refused') {
      if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
      return answered(textAnswer(400, `${head.reason}\n`));
    }
    const { host, target } = head;
    if (tls !== undefined && scheme === 'https' && host !== undefined)
      if (isMisdirected(tls, request.raw.socket, host))
        return answered(textAnswer(421, 'This connection is for another host\n'));
    if (!limits.allows(request.client, performance.now()))
      return answered(textAnswer(429, 'Too many requests\n', { 'retry-after': '1' }));
    const headers = request.headers as ReaderHeaders;
    const asked = { method: request.method, target, headers, client: request.client, host };
    return { kind: 'next', asked, host, exchange };
  }

  /** Begins the exchange of a request. The exchange of an HTTP/2 stream has begun earlier. */
  function begun(request: FastifyRequest, reply: FastifyReply): Exchange | undefined {
    const { stream } = reply.raw as { readonly stream?: ServerHttp2Stream };
    const { socket } = request.raw;
    const exchange =
      stream === undefined
        ? exchanges.begin({
            client: clientOf(request.client),
            connection: socket,
            isSecure: scheme === 'https',
            takenBytes: () => (socket instanceof PacedConnection ? socket.takenBytes : undefined),
            end: () => socket.destroy(),
          })
        : exchanges.of(stream);
    if (exchange === undefined) return undefined;
    if (stream === undefined) reply.raw.once('close', exchange.close);
    return exchange;
  }

  /** Waits until no switch is in progress, and then selects from the current sites. */
  async function select({ asked, host }: Received, request: FastifyRequest): Promise<Step<Selected>> {
    let sites = views.current();
    while (sites instanceof Promise) {
      await sites;
      sites = views.current();
    }
    const site = sites.find(host);
    request.served = { site: site?.name, host };
    if (site === undefined) {
      const unknown = textAnswer(404, 'No site is served under this host\n');
      return answered(asked.method === 'HEAD' ? withoutBody(unknown) : unknown);
    }
    const secure = request.scheme === 'http' && host !== undefined ? tls?.addressOf(host) : undefined;
    if (secure !== undefined) return answered(redirectTo(`${secure}${asked.target}`, asked));
    return { kind: 'next', site };
  }
}

const isMissing = (status: number) => status === 404 || status === 410;

function answered(answer: SiteAnswer): Step<never> {
  return { kind: 'answered', answer };
}

async function sendSmall(answer: SiteAnswer, reply: FastifyReply): Promise<FastifyReply> {
  await send(answer, { exchange: SMALL_ALONE, reader: waitingReader('', reply), reply });
  return reply;
}

function redirectTo(location: string, { method }: ReaderRequest): SiteAnswer {
  return {
    // 308, because a client may turn another method into GET after a 301 (RFC 9110, 15.4.9).
    status: method === 'GET' || method === 'HEAD' ? 301 : 308,
    headers: { location, 'content-length': '0' },
    body: NO_BODY,
  };
}
