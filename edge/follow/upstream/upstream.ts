import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../../shared/clock.ts';
import { type Change, type DiffRange, decodeDiff, MAX_DIFF_LINE } from '../../../shared/content/diff.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import type { Bucket } from '../../../shared/content/manifest/buckets.ts';
import { encodeNames } from '../../../shared/content/manifest/object-names.ts';
import { availableDictionary, decoded } from '../../../shared/delta/dcz.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { NONCE_HEADER } from '../../../shared/feed/member-proof.ts';
import { lines } from '../../../shared/json/lines.ts';
import type { AheadPage } from '../../../shared/log/ahead-page.ts';
import { NONCE_PATTERN } from '../../../shared/signing/nonce.ts';
import { type ByteSpan, inHttp } from '../../../shared/store/byte-span.ts';
import { aheadAnswer } from '../../../shared/wire/ahead-answer.ts';
import { decodeBuckets } from '../../../shared/wire/bucket-list.ts';
import { type BundleItem, decodeBundle } from '../../../shared/wire/bundle.ts';
import { decodeFrame, type Frame, MAX_FRAME_BYTES, type UnknownFrame } from '../../../shared/wire/frame.ts';
import { fromProblem } from '../../../shared/wire/problem.ts';
import {
  feedHello,
  type JoinAnswer,
  type JoinRequest,
  joinAnswer,
  type OriginHello,
  originHello,
  type ReportAnswer,
  reportAnswer,
  type SignedReport,
} from '../../../shared/wire/protocol.ts';
import { receiverText, requestProof } from '../../../shared/wire/request-proof.ts';
import { type Wants, wantsText } from '../../../shared/wire/wants.ts';
import { Announced } from './announced.ts';
import { codingOf, paced, tee, wholeAnswer } from './answer-body.ts';
import { Connections, isTimeout, noAnswer, PATIENCE, throwSilence } from './connections.ts';
import { type FeedRequest, fetched, type Upload } from './feed-request.ts';
import { atMinimumRate, timelyLines } from './minimum-rate.ts';
import { Reachability } from './reachability.ts';
import { isReceiver } from './receiver.ts';
import type { Dictionary, Self, Transfer } from './transfer.ts';
import type { UpstreamAddress, UpstreamOptions } from './upstream-address.ts';

const NONCE = new RegExp(NONCE_PATTERN);

/** The receiver that proofs must name, with one of its nonces. */
interface Receiver {
  readonly edge: string | null;
  readonly nonce: string;
}

/**
 * The feed that an edge follows, at the origin or at a parent. No answer is trusted: callers check signatures and
 * digests. Methods throw `origin-unreachable` if no server answers, or the error that the feed returned.
 */
export class Upstream {
  readonly url: string;
  readonly #clock: Clock;
  readonly #reach: Reachability;
  readonly #connections: Connections;
  readonly #isOrigin: boolean;
  readonly #wanted: string | undefined;
  #receiver: Receiver | undefined;

  constructor(
    { url, isOrigin, member }: UpstreamAddress,
    clock: Clock,
    { patience = PATIENCE, trust = {} }: UpstreamOptions = {},
  ) {
    this.url = new URL(url).origin;
    this.#isOrigin = isOrigin;
    this.#wanted = member;
    this.#clock = clock;
    this.#reach = new Reachability(this.url, clock, () => this.#probe());
    this.#connections = new Connections({
      patiences: patience,
      trust: { ...trust, wanted: member },
      now: clock.now,
    });
  }

  /** The origin's identity. A parent forwards it unchanged. */
  async joinHello(edgeNonce: string, signal: AbortSignal): Promise<OriginHello> {
    const body = JSON.stringify({ edgeNonce });
    return originHello.parseText(
      await this.#text({ method: 'POST', path: '/feed/v1/join/hello', body, signal, waiter: 'strangers' }),
      'upstream-protocol',
    );
  }

  async join(request: JoinRequest, signal: AbortSignal): Promise<JoinAnswer> {
    const body = JSON.stringify(request);
    return joinAnswer.parseText(
      await this.#text({ method: 'POST', path: '/feed/v1/join', body, signal, waiter: 'strangers' }),
      'upstream-protocol',
    );
  }

  /**
   * Yields the frames from record `from` on until the connection ends. Throws `silent-feed` after 15 s without a byte.
   */
  async *stream(
    self: Self,
    from: number,
    wants: Wants,
    signal: AbortSignal,
  ): AsyncGenerator<Frame | UnknownFrame> {
    const query = new URLSearchParams({ from: String(from) });
    if (wants.sites !== null || wants.prefixes !== null) query.set('wants', wantsText(wants));
    const path = `/feed/v1/stream?${query}`;
    const { body } = await this.#call({ method: 'GET', path, self, signal, waiter: 'stream' });
    try {
      for await (const line of timelyLines(body, MAX_FRAME_BYTES, this.#clock)) {
        this.#reach.heard();
        yield decodeFrame(line);
      }
    } catch (error) {
      throwSilence(this.url, error);
    }
  }

  /** Yields a page of records from `from` on, as frames. The page is empty at the end of the log. */
  async *records(self: Self, from: number, signal: AbortSignal): AsyncGenerator<Frame | UnknownFrame> {
    const transfer = { signal, bandwidths: [] };
    const request = { method: 'GET', path: `/feed/v1/records?from=${from}`, self } as const;
    const { body } = await this.#fetch(request, transfer, undefined);
    for await (const line of timelyLines(body, MAX_FRAME_BYTES, this.#clock)) yield decodeFrame(line);
  }

  async report(self: Self, reports: readonly SignedReport[], signal: AbortSignal): Promise<ReportAnswer> {
    const { body } = await this.#call({
      method: 'POST',
      path: '/feed/v1/report',
      self,
      body: JSON.stringify({ reports }),
      signal,
    });
    return reportAnswer.parseText((await wholeAnswer(body)).toString('utf8'), 'upstream-protocol');
  }

  async *diff(self: Self, range: DiffRange, transfer: Transfer): AsyncGenerator<Change> {
    const path = `/feed/v1/sites/${range.site}/diff?from=${range.from}&to=${range.to}`;
    const { body } = await this.#fetch({ method: 'GET', path, self }, transfer, undefined);
    yield* decodeDiff(lines(body, MAX_DIFF_LINE), range);
  }

  async nodes(self: Self, site: number, revision: number, transfer: Transfer): Promise<Bucket[]> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/nodes`;
    const { body } = await this.#fetch({ method: 'GET', path, self }, transfer, undefined);
    return decodeBuckets(await wholeAnswer(body));
  }

  async leaves(
    self: Self,
    site: number,
    revision: number,
    nodes: readonly number[],
    transfer: Transfer,
  ): Promise<Bucket[]> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/leaves`;
    const { body } = await this.#fetch(
      { method: 'POST', path, self, body: JSON.stringify({ nodes }) },
      transfer,
      undefined,
    );
    return decodeBuckets(await wholeAnswer(body));
  }

  /** Yields the entries of some leaves. */
  async *entries(
    self: Self,
    site: number,
    revision: number,
    leaves: readonly number[],
    transfer: Transfer,
  ): AsyncGenerator<Change> {
    const path = `/feed/v1/sites/${site}/revisions/${revision}/entries`;
    const { body } = await this.#fetch(
      { method: 'POST', path, self, body: JSON.stringify({ leaves }) },
      transfer,
      undefined,
    );
    yield* decodeDiff(lines(body, MAX_DIFF_LINE), { site, from: 0, to: revision });
  }

  /**
   * A page of the objects that a site has ahead of their revision, unchecked. If the feed has another list, its first
   * page. Undefined when there is no such page.
   */
  async objectsAhead(
    self: Self,
    site: number,
    { list, page }: Pick<AheadPage, 'list' | 'page'>,
    transfer: Transfer,
  ): Promise<AheadPage | undefined> {
    const path = `/feed/v1/sites/${site}/objects-ahead?list=${list}&page=${page}`;
    const { body } = await this.#fetch({ method: 'GET', path, self }, transfer, undefined);
    const text = (await wholeAnswer(body)).toString('utf8');
    return aheadAnswer.parseText(text, 'upstream-protocol').page ?? undefined;
  }

  /**
   * Yields the objects that arrived and match their digests. The feed may lack some objects, or may send another object
   * that has the same short name.
   */
  async *bundle(
    self: Self,
    digests: readonly Digest[],
    dictionary: Dictionary | undefined,
    transfer: Transfer,
    keep?: (encoded: Encoded) => void,
  ): AsyncGenerator<BundleItem> {
    const objects = encodeNames(digests);
    const against = dictionary && { dictionary: encodeNames(dictionary.digests) };
    const asked = JSON.stringify({ objects, ...against });
    const request = { method: 'POST', path: '/feed/v1/bundle', self, body: asked } as const;
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
    // Only now is it certain that the encoding holds all requested objects.
    if (whole !== undefined && matching === digests.length) keep?.(whole);
  }

  /** The bytes of a whole object, decoded and unchecked. They may be encoded against `dictionary`. */
  async object(
    self: Self,
    digest: Digest,
    dictionary: Buffer | undefined,
    transfer: Transfer,
  ): Promise<Readable> {
    const path = `/feed/v1/objects/${digest}`;
    return (await this.#fetch({ method: 'GET', path, self }, transfer, dictionary)).body;
  }

  /** The bytes of a range of an object, unchecked. */
  async range(
    self: Self,
    digest: Digest,
    range: ByteSpan,
    transfer: Transfer,
  ): Promise<AsyncIterable<Buffer>> {
    const { body } = await this.#call({
      method: 'GET',
      path: `/feed/v1/objects/${digest}`,
      self,
      headers: { range: `bytes=${inHttp(range)}` },
      ...fetched(transfer),
    });
    return paced(body, this.#clock, transfer, this.#reach.heard);
  }

  /**
   * Sends an object that the origin has asked this edge for. When this resolves, the origin has stored the object
   * durably. Throws `forbidden` if the origin no longer asks for the object.
   */
  async upload(self: Self, upload: Upload, signal: AbortSignal): Promise<void> {
    const path = `/feed/v1/objects/${upload.digest}`;
    const { body } = await this.#call({ method: 'PUT', path, self, upload, signal, waiter: 'uploads' });
    await wholeAnswer(body);
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #fetch(
    request: Pick<FeedRequest, 'method' | 'path' | 'self' | 'body'>,
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
    const body = paced(answer.body, this.#clock, transfer, this.#reach.heard);
    const kept = keep === undefined ? body : Readable.from(tee(body, coding, keep), { objectMode: false });
    return { body: decoded(kept, coding, dictionary) };
  }

  /**
   * Sends the request. If it has a `self`, adds a proof of that edge's identity. Sends the request once more if the
   * receiver no longer accepts the nonce.
   */
  async #call(request: FeedRequest): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#proven(request);
    } catch (error) {
      if (!hasCode(error, 'stale-nonce')) throw error;
      this.#receiver = undefined;
      return this.#proven(request);
    }
  }

  async #proven(request: FeedRequest): Promise<Dispatcher.ResponseData> {
    const { self, method, path: target, headers, body, upload } = request;
    if (self === undefined) return this.#answer(request, {});
    this.#receiver ??= await this.#greeted(request.signal);
    const { edge, nonce } = this.#receiver;
    const to = receiverText(self.log, edge);
    const bodyDigest = upload?.digest;
    const proof = requestProof(self, { method, target, to, nonce, range: headers?.range, body, bodyDigest });
    const answer = await this.#answer(request, proof);
    const next = answer.headers[NONCE_HEADER];
    if (typeof next === 'string' && NONCE.test(next)) this.#receiver = { edge, nonce: next };
    return answer;
  }

  /**
   * Asks for the receiver's identity. Throws `not-the-origin` if a parent calls itself the origin, because it must not
   * obtain proofs that are meant for the origin. Throws `not-a-member` if the receiver is not the one that its
   * certificate names, or not the edge that the operator named.
   */
  async #greeted(signal: AbortSignal): Promise<Receiver> {
    const text = await this.#text({ method: 'GET', path: '/feed/v1/hello', signal });
    const receiver = feedHello.parseText(text, 'upstream-protocol');
    if (receiver.edge === null && !this.#isOrigin)
      throw new SkerryError(
        'not-the-origin',
        `${this.url} calls itself the origin, but was given as a parent`,
      );
    if (!isReceiver(receiver.edge, this.#connections.peer, this.#wanted))
      throw new SkerryError('not-a-member', `${this.url} calls itself ${receiver.edge ?? 'the origin'}`);
    return receiver;
  }

  /** Checks whether the upstream answers again. */
  #probe(): Promise<string> {
    const { signal } = new AbortController();
    return this.#text({ method: 'GET', path: '/feed/v1/hello', signal, waiter: 'probes' });
  }

  async #text(request: FeedRequest): Promise<string> {
    const { body } = await this.#answer(request, {});
    return (await wholeAnswer(atMinimumRate(body, this.#clock))).toString('utf8');
  }

  async #answer(request: FeedRequest, proof: Record<string, string>): Promise<Dispatcher.ResponseData> {
    const { body: text, upload, waiter = 'replication' } = request;
    const headers: Record<string, string> = { ...request.headers, ...proof };
    if (text !== undefined) headers['content-type'] = 'application/json';
    if (upload !== undefined) {
      headers['content-type'] = 'application/octet-stream';
      headers['content-length'] = String(upload.size);
    }
    const body = text ?? (await upload?.open());
    let answer: Dispatcher.ResponseData;
    const announced = new Announced(this.url);
    using wait = waiter === 'readers' ? this.#reach.wait() : undefined;
    const sent = this.#clock.monotonic();
    const signals = [request.signal, announced.signal, ...(wait === undefined ? [] : [wait.signal])];
    try {
      answer = await this.#connections.of(waiter).request({
        origin: this.url,
        path: request.path,
        method: request.method,
        headers,
        signal: AbortSignal.any(signals),
        onInfo: () => announced.note(),
        ...(body === undefined ? {} : { body }),
      });
    } catch (cause) {
      if (!request.signal.aborted || isTimeout(request.signal.reason)) this.#reach.failed(sent);
      request.signal.throwIfAborted();
      announced.signal.throwIfAborted();
      throw noAnswer(this.url, cause, waiter);
    }
    this.#reach.heard();
    if (answer.statusCode >= 300) {
      throw fromProblem(
        answer.statusCode,
        (await wholeAnswer(atMinimumRate(answer.body, this.#clock))).toString('utf8'),
        'upstream-protocol',
      );
    }
    return answer;
  }
}
