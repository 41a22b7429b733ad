import type { Logger } from 'pino';
import type { ClientLimits } from '../connection/client-limits.ts';
import type { Exchange } from '../connection/exchanges.ts';
import { checkHead } from '../connection/request-head.ts';
import type { AccessLog } from '../metering/access-log.ts';
import type { Counters } from '../metering/counters.ts';
import type { RecentRequests } from '../metering/recent-requests.ts';
import { NO_BODY, textAnswer, withoutBody } from '../site/answer.ts';
import type { ReaderRequest } from '../site/decide.ts';
import { refererPath } from '../site/referer.ts';
import type { SiteAnswer, SiteHandler } from '../site/site-handler.ts';
import type { Views } from '../site/views.ts';
import { isMisdirected } from '../tls/misdirected.ts';
import type { Tls } from '../tls/tls.ts';
import { internalError } from './internal-error.ts';
import { type SentExchange, send } from './send.ts';
import type { Incoming, Sent, Sink } from './sink.ts';
import { waitingReader } from './waiting-reader.ts';

/** The responses that this module creates itself are short and need no exchange. */
const SMALL_ALONE: SentExchange = { beginBody: () => false, progressed: () => {} };

export interface ResponderParts {
  readonly views: Views;
  readonly counters: Counters;
  readonly recent: RecentRequests;
  readonly accessLog: AccessLog | undefined;
  readonly limits: ClientLimits;
  readonly log: Logger;
  /** Plain HTTP redirects to HTTPS when there is a certificate for the host. Undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
}

/** Answers a request, whichever version of HTTP brought it. Counts the response and writes it to the access log. */
export type Respond = (incoming: Incoming, sink: Sink) => Promise<void>;

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

/** The site that answered, and the host that the request named. */
interface Served {
  readonly site: string | undefined;
  readonly host: string | undefined;
}

/**
 * Handles a request in four steps: receives it, selects the site by the host, asks the site, and sends the response.
 */
export function responder({ views, counters, recent, accessLog, limits, log, tls }: ResponderParts): Respond {
  return async (incoming, sink) => {
    let served: Served = { site: undefined, host: undefined };
    sink.whenSent((sent) => record(incoming, served, sent));
    try {
      const received = receive(incoming, sink);
      if (received.kind === 'answered') return await sendSmall(received.answer, sink);
      const selected = await select(received, incoming, (found) => {
        served = found;
      });
      if (selected.kind === 'answered') return await sendSmall(selected.answer, sink);
      const { asked, exchange } = received;
      const { site } = selected;
      const reader = waitingReader(exchange.client, sink);
      const answer = await site.answer(asked, reader);
      if (answer.isExcess) counters.countExcess(site.name);
      if (isMissing(answer.status) && refererPath(asked) !== undefined) counters.countBroken(site.name);
      await send(answer, { exchange, reader, sink });
    } catch (error) {
      await sendSmall(internalError(error, incoming.target, log), sink);
    }
  };

  /** Checks a request before its site is known. */
  function receive(incoming: Incoming, sink: Sink): Step<Received> {
    const { method, client, headers, exchange } = incoming;
    if (exchange === undefined)
      return answered(textAnswer(503, 'Too many requests wait for their answers\n', { 'retry-after': '1' }));
    const head = checkHead({
      target: incoming.target,
      httpVersion: incoming.version,
      rawHeaders: incoming.rawHeaders,
    });
    if (head.kind === 'refused') {
      sink.closeAfter();
      return answered(textAnswer(400, `${head.reason}\n`));
    }
    const { host, target } = head;
    if (tls !== undefined && incoming.isSecure && host !== undefined)
      if (isMisdirected(tls, incoming.connection, host))
        return answered(textAnswer(421, 'This connection is for another host\n'));
    if (!limits.allows(client, performance.now()))
      return answered(textAnswer(429, 'Too many requests\n', { 'retry-after': '1' }));
    return { kind: 'next', asked: { method, target, headers, client, host }, host, exchange };
  }

  /** Waits until no switch is in progress, and then selects from the current sites. */
  async function select(
    { asked, host }: Received,
    { scheme }: Incoming,
    note: (served: Served) => void,
  ): Promise<Step<Selected>> {
    let sites = views.current();
    while (sites instanceof Promise) {
      await sites;
      sites = views.current();
    }
    const site = sites.find(host);
    note({ site: site?.name, host });
    if (site === undefined) {
      const unknown = textAnswer(404, 'No site is served under this host\n');
      return answered(asked.method === 'HEAD' ? withoutBody(unknown) : unknown);
    }
    const secure = scheme === 'http' && host !== undefined ? tls?.addressOf(host) : undefined;
    if (secure !== undefined) return answered(redirectTo(`${secure}${asked.target}`, asked));
    return { kind: 'next', site };
  }

  function record(incoming: Incoming, { site, host }: Served, sent: Sent): void {
    const { target, client, scheme, version, method, headers } = incoming;
    if (site !== undefined) counters.count(site, sent.status, sent.bytes, sent.seconds);
    if (site !== undefined && host !== undefined && method === 'GET' && sent.status < 400)
      recent.note(site, target, host, headers.referer);
    accessLog?.write({
      ...{ time: Date.now(), site, client, scheme, version, method, host, target, ...sent },
      referer: headers.referer,
      agent: headers['user-agent'],
    });
  }
}

const isMissing = (status: number) => status === 404 || status === 410;

function answered(answer: SiteAnswer): Step<never> {
  return { kind: 'answered', answer };
}

function sendSmall(answer: SiteAnswer, sink: Sink): Promise<void> {
  return send(answer, { exchange: SMALL_ALONE, reader: waitingReader('', sink), sink });
}

function redirectTo(location: string, { method }: ReaderRequest): SiteAnswer {
  return {
    // 308, because a client may turn another method into GET after a 301 (RFC 9110, 15.4.9).
    status: method === 'GET' || method === 'HEAD' ? 301 : 308,
    headers: { location, 'content-length': '0' },
    body: NO_BODY,
  };
}
