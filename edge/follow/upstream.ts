import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { Bandwidth } from '../../shared/bandwidth.ts';
import { decodeBuckets } from '../../shared/bucket-list.ts';
import { type BundleItem, decodeBundle } from '../../shared/bundle.ts';
import type { Clock } from '../../shared/clock.ts';
import { availableDictionary, decoded } from '../../shared/delta/dcz.ts';
import type { Encoded } from '../../shared/delta/encodings.ts';
import { type Change, type DiffRange, decodeDiff, MAX_DIFF_LINE } from '../../shared/diff.ts';
import { type Digest, digestOf } from '../../shared/digest.ts';
import { signEdgeToken } from '../../shared/edge-token.ts';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import type { Wants } from '../../shared/feed/feed-source.ts';
import { decodeFrame, type Frame, MAX_FRAME_BYTES, type UnknownFrame } from '../../shared/frame.ts';
import type { SigningKey } from '../../shared/keys.ts';
import { lines } from '../../shared/lines.ts';
import type { Bucket } from '../../shared/manifest/buckets.ts';
import { encodeNames } from '../../shared/manifest/object-names.ts';
import { fromProblem } from '../../shared/problem.ts';
import {
  type JoinAnswer,
  type JoinRequest,
  joinAnswer,
  type ReportAnswer,
  reportAnswer,
  type SignedReport,
} from '../../shared/protocol.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';
import { codingOf, collected, paced, tee } from './answer-body.ts';
import { flowing, timelyLines } from './flow.ts';

const CONNECT_MS = 10_000;
/** Three times the longest silence that a feed allows itself. */
const SILENCE_MS = 15_000;
/** A parent that waits for what it does not hold yet answers within 10 seconds. */
const HEADERS_MS = 20_000;
/** A token is used again for this long: signing one for each request costs more than many requests. */
const TOKEN_MS = 30_000;

/** Who calls, and the log whose feed is called. */
export interface Caller {
  readonly name: string;
  readonly key: SigningKey;
  readonly log: string;
}

/** How a fetch is carried out. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** All of these are kept to. */
  readonly bandwidths: readonly Bandwidth[];
  /** Somebody waits for it: it goes beside what is replicated. */
  readonly isForReaders?: boolean;
  /** What came before was wrong: the sender keeps to nothing that it has encoded, and encodes anew. */
  readonly isAnew?: boolean;
}

/** The objects that an answer may be coded against, concatenated. */
export interface Dictionary {
  readonly digests: readonly Digest[];
  readonly bytes: Buffer;
}

/**
 * The feed that an edge follows, at the origin or at a parent. Nothing that it answers is trusted: callers
 * check signatures and digests. Throws `origin-unreachable` when nobody answers, or what the feed refused.
 */
export class Upstream {
  readonly url: string;
  readonly #clock: Clock;
  readonly #agent = agent(8);
  /** Apart from the rest: what readers wait for and what is replicated keep each other from nothing. */
  readonly #forReaders = agent(128);
  #token: { readonly text: string; readonly until: number } | undefined;

  constructor(url: string, clock: Clock) {
    this.url = new URL(url).origin;
    this.#clock = clock;
  }

  async join(request: JoinRequest, signal: AbortSignal): Promise<JoinAnswer> {
    const { body } = await this.#call({ method: 'POST', path: '/feed/v1/join', json: request, signal });
    return joinAnswer.parseText(
      (await collected(flowing(body, this.#clock))).toString('utf8'),
      'upstream-protocol',
    );
  }

  /** Frames from record `from` on; ends or throws when the connection does, at the latest after 15 s of silence. */
  async *stream(
    caller: Caller,
    from: number,
    wants: Wants,
    signal: AbortSignal,
  ): AsyncGenerator<Frame | UnknownFrame> {
    const query = new URLSearchParams({ from: String(from) });
    if (wants.sites !== null || wants.prefixes !== null) query.set('wants', JSON.stringify(wants));
    const { body } = await this.#call({ method: 'GET', path: `/feed/v1/stream?${query}`, caller, signal });
    for await (const line of timelyLines(body, MAX_FRAME_BYTES, this.#clock)) yield decodeFrame(line);
  }

  /** A page of records from `from` on, as frames; empty at the end of the log. */
  async *records(caller: Caller, from: number, signal: AbortSignal): AsyncGenerator<Frame | UnknownFrame> {
    const transfer = { signal, bandwidths: [] };
    const request = { method: 'GET', path: `/feed/v1/records?from=${from}`, caller } as const;
    const { body } = await this.#fetch(request, transfer, undefined);
    for await (const line of timelyLines(body, MAX_FRAME_BYTES, this.#clock)) yield decodeFrame(line);
  }

  async report(caller: Caller, reports: readonly SignedReport[], signal: AbortSignal): Promise<ReportAnswer> {
    const { body } = await this.#call({
      method: 'POST',
      path: '/feed/v1/report',
      caller,
      json: { reports },
      signal,
    });
    return reportAnswer.parseText((await collected(body)).toString('utf8'), 'upstream-protocol');
  }

  async *diff(caller: Caller, range: DiffRange, transfer: Transfer): AsyncGenerator<Change> {
    const path = `/feed/v1/sites/${range.site}/diff?from=${range.from}&to=${range.to}`;
    const { body } = await this.#fetch({ method: 'GET', path, caller }, transfer, undefined);
    yield* decodeDiff(lines(body, MAX_DIFF_LINE), range);
  }

  async nodes(caller: Caller, site: number, revision: number, transfer: Transfer): Promise<Bucket[]> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/nodes`;
    const { body } = await this.#fetch({ method: 'GET', path, caller }, transfer, undefined);
    return decodeBuckets(await collected(body));
  }

  async leaves(
    caller: Caller,
    site: number,
    revision: number,
    nodes: readonly number[],
    transfer: Transfer,
  ): Promise<Bucket[]> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/leaves`;
    const { body } = await this.#fetch(
      { method: 'POST', path, caller, json: { nodes } },
      transfer,
      undefined,
    );
    return decodeBuckets(await collected(body));
  }

  /** The entries of some leaves. */
  async *entries(
    caller: Caller,
    site: number,
    revision: number,
    leaves: readonly number[],
    transfer: Transfer,
  ): AsyncGenerator<Change> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/entries`;
    const { body } = await this.#fetch(
      { method: 'POST', path, caller, json: { leaves } },
      transfer,
      undefined,
    );
    yield* decodeDiff(lines(body, MAX_DIFF_LINE), { site, from: 0, to: revision });
  }

  /** Those of the objects that came and match their digests: the feed may lack some, or take some for others. */
  async *bundle(
    caller: Caller,
    digests: readonly Digest[],
    dictionary: Dictionary | undefined,
    transfer: Transfer,
    keep?: (encoded: Encoded) => void,
  ): AsyncGenerator<BundleItem> {
    const objects = encodeNames(digests);
    const json =
      dictionary === undefined ? { objects } : { objects, dictionary: encodeNames(dictionary.digests) };
    const request = { method: 'POST', path: '/feed/v1/bundle', caller, json } as const;
    let whole: Encoded | undefined;
    const noted = (encoded: Encoded) => {
      whole = encoded;
    };
    const { body } = await this.#fetch(request, transfer, dictionary?.bytes, keep && noted);
    let matching = 0;
    for await (const item of decodeBundle(body, digests)) {
      matching++;
      yield item;
    }
    // Only now is it known to hold what was asked for, all of it.
    if (whole !== undefined && matching === digests.length) keep?.(whole);
  }

  /** The bytes of a whole object, decoded and unchecked; `dictionary` is what they may be coded against. */
  async object(
    caller: Caller,
    digest: Digest,
    dictionary: Buffer | undefined,
    transfer: Transfer,
  ): Promise<Readable> {
    const path = `/feed/v1/objects/${digest}`;
    return (await this.#fetch({ method: 'GET', path, caller }, transfer, dictionary)).body;
  }

  /** A range of an object's bytes, unchecked. */
  async range(
    caller: Caller,
    digest: Digest,
    range: ByteRange,
    transfer: Transfer,
  ): Promise<AsyncIterable<Buffer>> {
    const { body } = await this.#call({
      method: 'GET',
      path: `/feed/v1/objects/${digest}`,
      caller,
      headers: { range: `bytes=${range.start}-${range.end}` },
      ...fetched(transfer),
    });
    return paced(body, this.#clock, transfer);
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#forReaders.destroy()]);
  }

  async #fetch(
    request: { method: 'GET' | 'POST'; path: string; caller: Caller; json?: unknown },
    transfer: Transfer,
    dictionary: Buffer | undefined,
    keep?: (encoded: Encoded) => void,
  ): Promise<{ body: Readable }> {
    const headers = {
      ...(dictionary === undefined
        ? { 'accept-encoding': 'zstd' }
        : {
            'accept-encoding': 'dcz, zstd',
            'available-dictionary': availableDictionary(digestOf(dictionary)),
          }),
      ...(transfer.isAnew === true && { 'cache-control': 'no-cache' }),
    };
    const answer = await this.#call({ ...request, headers, ...fetched(transfer) });
    const coding = codingOf(answer);
    const body = paced(answer.body, this.#clock, transfer);
    const kept = keep === undefined ? body : Readable.from(tee(body, coding, keep), { objectMode: false });
    return { body: decoded(kept, coding, dictionary) };
  }

  async #call(request: {
    method: 'GET' | 'POST';
    path: string;
    caller?: Caller;
    json?: unknown;
    headers?: Record<string, string>;
    signal: AbortSignal;
    isForReaders?: boolean;
  }): Promise<Dispatcher.ResponseData> {
    const { caller, json } = request;
    const headers: Record<string, string> = { ...request.headers };
    if (caller !== undefined) headers.authorization = `Bearer ${await this.#tokenOf(caller)}`;
    if (json !== undefined) headers['content-type'] = 'application/json';
    let answer: Dispatcher.ResponseData;
    try {
      const agent = request.isForReaders ? this.#forReaders : this.#agent;
      answer = await agent.request({
        origin: this.url,
        path: request.path,
        method: request.method,
        headers,
        signal: request.signal,
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    } catch (cause) {
      request.signal.throwIfAborted();
      throw new SkerryError('origin-unreachable', `no answer from ${this.url}: ${reason(cause)}`, { cause });
    }
    if (answer.statusCode >= 300) {
      throw fromProblem(
        answer.statusCode,
        (await collected(flowing(answer.body, this.#clock))).toString('utf8'),
        'upstream-protocol',
      );
    }
    return answer;
  }

  async #tokenOf(caller: Caller): Promise<string> {
    const now = this.#clock.now();
    if (this.#token === undefined || now >= this.#token.until || now < this.#token.until - TOKEN_MS) {
      this.#token = { text: await signEdgeToken(caller, caller.log, now), until: now + TOKEN_MS };
    }
    return this.#token.text;
  }
}

function fetched({ signal, isForReaders = false }: Transfer) {
  return { signal, isForReaders };
}

/** With at most so many connections. */
function agent(connections: number): Agent {
  return new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: HEADERS_MS,
    bodyTimeout: SILENCE_MS,
    connections,
  });
}

function reason(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error));
}
