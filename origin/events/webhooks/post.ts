import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { Agent } from 'undici';
import { systemCode, toSkerryError } from '../../../shared/errors.ts';
import { privateAddress } from './public-address.ts';
import { checkedUrl, type WebhookRules } from './webhook-url.ts';

/** A request may take at most this long, including its response. */
const REQUEST_MS = 10_000;
const CONNECT_MS = 5000;
const IDLE_MS = 15_000;
/** The limit of the bytes read from a response. A response that is read to its end leaves the connection usable. */
const ANSWER_BYTES = 16 * 1024;

interface PostOptions {
  /** Replaces the name resolution of the system. */
  readonly lookup?: LookupFunction;
  readonly requestMs?: number;
}

/** Posts messages to receivers. It follows no redirects, and checks the addresses of a name when it connects. */
export class Post {
  readonly #rules: WebhookRules;
  readonly #requestMs: number;
  readonly #agent: Agent;

  constructor(
    rules: WebhookRules,
    { lookup = resolve as LookupFunction, requestMs = REQUEST_MS }: PostOptions = {},
  ) {
    this.#rules = rules;
    this.#requestMs = requestMs;
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MS, lookup: rules.allowPrivate ? lookup : publicOnly(lookup) },
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      maxHeaderSize: ANSWER_BYTES,
    });
  }

  /**
   * Resolves to undefined when the receiver has taken the message, otherwise to the reason. Throws when `signal`
   * aborts.
   */
  async send(
    to: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const answer = await this.ask(to, body, headers, signal);
    // What it says beside its status is read and ignored.
    return 'fault' in answer && !answer.isTaken ? answer.fault : undefined;
  }

  /**
   * Posts a question, and returns the text of the answer, or the reason why there is none. `isTaken`: the receiver has
   * answered with success, and only the text is at fault. Throws when `signal` aborts.
   */
  async ask(
    to: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly text: string } | { readonly fault: string; readonly isTaken: boolean }> {
    const late = AbortSignal.timeout(this.#requestMs);
    try {
      // The address is checked here as well: a literal address is not looked up, and the origin may have been started
      // with other rules.
      const { origin, pathname, search } = checkedUrl(to, this.#rules);
      const answer = await this.#agent.request({
        ...{ origin, path: pathname + search, method: 'POST', body },
        headers: { 'content-type': 'application/json', 'user-agent': 'Skerry', ...headers },
        signal: AbortSignal.any([signal, late]),
      });
      const { statusCode } = answer;
      const text = await boundedText(answer.body, late).catch(() => undefined);
      if (statusCode >= 200 && statusCode < 300)
        return text === undefined
          ? { fault: `it answered more than ${ANSWER_BYTES} bytes, or broke off`, isTaken: true }
          : { text };
      const isRedirect = statusCode >= 300 && statusCode < 400;
      const fault = `it answered ${statusCode}${isRedirect ? ', and redirects are not followed' : ''}`;
      return { fault, isTaken: false };
    } catch (error) {
      signal.throwIfAborted();
      const fault = late.aborted ? `it took longer than ${this.#requestMs / 1000} s` : faultOf(error);
      return { fault, isTaken: false };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Reads a body to its end. Undefined, and the connection is closed, when it is too long or too slow. */
async function boundedText(body: Readable, late: AbortSignal): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of addAbortSignal(late, body)) {
    bytes += (piece as Buffer).length;
    if (bytes > ANSWER_BYTES) return undefined;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString();
}

function faultOf(error: unknown): string {
  const { message } = toSkerryError(error);
  const code = systemCode(error);
  return (code === undefined || message.includes(code) ? message : `${code}: ${message}`).slice(0, 200);
}

/** Refuses a name if one of its addresses is not public, because the system chooses which address it connects to. */
function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const addresses = Array.isArray(found) ? found : [{ address: found, family: 0 }];
      const fault = addresses
        .map(({ address }) => privateAddress(address))
        .find((text) => text !== undefined);
      const [first] = addresses;
      if (fault !== undefined || first === undefined)
        return callback(new Error(fault ?? `${hostname} has no address`), []);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
}
