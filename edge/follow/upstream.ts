import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { Agent, type Dispatcher } from 'undici';
import { type BundleItem, decodeBundle } from '../../shared/bundle.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Change, type DiffRange, decodeDiff, MAX_DIFF_LINE } from '../../shared/diff.ts';
import type { Digest } from '../../shared/digest.ts';
import { signEdgeToken } from '../../shared/edge-token.ts';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { decodeFrame, type Frame, MAX_FRAME_BYTES, type UnknownFrame } from '../../shared/frame.ts';
import type { SigningKey } from '../../shared/keys.ts';
import { lines } from '../../shared/lines.ts';
import { fromProblem } from '../../shared/problem.ts';
import { type EdgeReport, type JoinAnswer, type JoinRequest, joinAnswer } from '../../shared/protocol.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';

const CONNECT_MS = 10_000;
/** Three times the longest silence that a feed allows itself. */
const SILENCE_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Who calls, and the log whose feed is called. */
export interface Caller {
  readonly name: string;
  readonly key: SigningKey;
  readonly log: string;
}

/**
 * The feed that an edge follows, at the origin or at a parent. Nothing that it answers is trusted: callers
 * check signatures and digests. Throws `origin-unreachable` when nobody answers, or what the feed refused.
 */
export class Upstream {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    connections: 8,
  });

  constructor(url: string, clock: Clock) {
    this.#url = new URL(url);
    this.#clock = clock;
  }

  async join(request: JoinRequest, signal: AbortSignal): Promise<JoinAnswer> {
    const { body } = await this.#call({ method: 'POST', path: '/feed/v1/join', json: request, signal });
    return joinAnswer.parseText(await text(body), 'upstream-protocol');
  }

  /** Frames from record `from` on; ends or throws when the connection does, at the latest after 15 s of silence. */
  async *stream(caller: Caller, from: number, signal: AbortSignal): AsyncGenerator<Frame | UnknownFrame> {
    const { body } = await this.#call({
      method: 'GET',
      path: `/feed/v1/stream?from=${from}`,
      caller,
      signal,
    });
    for await (const line of lines(body, MAX_FRAME_BYTES)) yield decodeFrame(line);
  }

  async report(caller: Caller, report: EdgeReport, signal: AbortSignal): Promise<void> {
    const { body } = await this.#call({
      method: 'POST',
      path: '/feed/v1/report',
      caller,
      json: report,
      signal,
    });
    await text(body);
  }

  async *diff(caller: Caller, range: DiffRange, signal: AbortSignal): AsyncGenerator<Change> {
    const path = `/feed/v1/sites/${range.site}/diff?from=${range.from}&to=${range.to}`;
    const answer = await this.#call({ method: 'GET', path, caller, packed: true, signal });
    yield* decodeDiff(lines(unpacked(answer), MAX_DIFF_LINE), range);
  }

  /** The small objects among those asked for that the feed holds, each matching its digest. */
  async *bundle(caller: Caller, digests: readonly Digest[], signal: AbortSignal): AsyncGenerator<BundleItem> {
    const answer = await this.#call({
      method: 'POST',
      path: '/feed/v1/bundle',
      caller,
      json: { digests },
      packed: true,
      signal,
    });
    yield* decodeBundle(unpacked(answer), digests);
  }

  /** The bytes of an object or a range of it, unchecked. */
  async object(
    caller: Caller,
    digest: Digest,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<Readable> {
    const { body } = await this.#call({
      method: 'GET',
      path: `/feed/v1/objects/${digest}`,
      caller,
      headers: range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` },
      signal,
    });
    return body;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(request: {
    method: 'GET' | 'POST';
    path: string;
    caller?: Caller;
    json?: unknown;
    packed?: boolean;
    headers?: Record<string, string>;
    signal: AbortSignal;
  }): Promise<Dispatcher.ResponseData> {
    const { caller, json } = request;
    const headers: Record<string, string> = { ...request.headers };
    if (caller !== undefined) {
      headers.authorization = `Bearer ${await signEdgeToken(caller, caller.log, this.#clock.now())}`;
    }
    if (json !== undefined) headers['content-type'] = 'application/json';
    if (request.packed) headers['accept-encoding'] = 'zstd';
    let answer: Dispatcher.ResponseData;
    try {
      answer = await this.#agent.request({
        origin: this.#url.origin,
        path: request.path,
        method: request.method,
        headers,
        signal: request.signal,
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    } catch (cause) {
      request.signal.throwIfAborted();
      throw new SkerryError('origin-unreachable', `no answer from ${this.#url.origin}: ${reason(cause)}`, {
        cause,
      });
    }
    if (answer.statusCode >= 300) {
      throw fromProblem(answer.statusCode, await text(answer.body), 'upstream-protocol');
    }
    return answer;
  }
}

function reason(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error));
}

async function text(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of body) {
    held += (piece as Buffer).length;
    if (held > MAX_ANSWER_BYTES) throw new SkerryError('upstream-protocol', 'an answer is too long');
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function unpacked({ headers, body }: Dispatcher.ResponseData): Readable {
  if (headers['content-encoding'] !== 'zstd') return body;
  const decoder = createZstdDecompress();
  // A failure on either side reaches the reader as the decoder's.
  pipeline(body, decoder).catch(() => {});
  return decoder;
}
