import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { SkerryError } from '../../../shared/errors.ts';
import { spanLength } from '../../../shared/store/byte-span.ts';
import { isSmall } from '../../../shared/store/object-reader.ts';
import { TAKEN } from '../../read-through/pieces.ts';
import type { Body, WaitingReader } from '../bytes/body.ts';
import { slices, streamOf } from '../bytes/slices.ts';
import type { Exchange } from '../connection/exchanges.ts';
import { cacheStatus } from '../http/cache-status.ts';
import type { MultipartLayout } from '../http/multipart-range.ts';
import { textAnswer } from '../site/answer.ts';
import type { Openable, SiteAnswer } from '../site/site-handler.ts';
import type { Sink } from './sink.ts';

/** A piece of this size is not cut, because no stream has larger pieces. */
const LARGEST_PIECE = 1024 * 1024;
/** After this many ranges of a response, other connections get their turn: small ranges are sent without waiting. */
const PARTS_IN_A_ROW = 4;
const BYTES = { objectMode: false, highWaterMark: 1 };
const TOO_BUSY = textAnswer(503, 'Too many large files are being sent\n', { 'retry-after': '5' });

/** Reading more from the source counts as progress, because a response that never fills its buffer emits no `drain`. */
export type SentExchange = Pick<Exchange, 'beginBody' | 'progressed'>;

/** The reader for whom a response is meant, and where the response goes. */
export interface Recipient {
  readonly exchange: SentExchange;
  readonly reader: WaitingReader;
  readonly sink: Sink;
}

type BytesBody = Extract<SiteAnswer['body'], { kind: 'bytes' }>;
type PartsBody = Extract<SiteAnswer['body'], { kind: 'parts' }>;

/** Sends a response, or the one that replaces it if its bytes cannot be read. */
export async function send(answer: SiteAnswer, to: Recipient): Promise<void> {
  for (let next: SiteAnswer | undefined = answer; next !== undefined; ) next = await sendOr(next, to);
}

/** Sends a response. If its bytes cannot be read, sends nothing and resolves with the response to send instead. */
async function sendOr({ status, headers, body }: SiteAnswer, to: Recipient): Promise<SiteAnswer | undefined> {
  const { sink, reader } = to;
  if (body.kind === 'text') {
    sink.begin(status, headers);
    sink.bytes(body.text);
    return undefined;
  }
  if (body.kind === 'none') {
    sink.begin(status, { ...headers, 'cache-status': 'Skerry; hit' });
    sink.bytes(undefined);
    return undefined;
  }
  const { representation } = body;
  if (!(await mayBegin(representation, to))) return TOO_BUSY;
  const range = body.kind === 'bytes' ? body.range : body.layout.parts[0]?.range;
  const opened = await representation.open(range, reader);
  if (opened.kind === 'instead') return opened.answer;
  // If the reader has left, nothing else would end the stream.
  if (sink.isGone) {
    leave(opened);
    return undefined;
  }
  // The head is set only now, because a response that replaces this one has other headers.
  sink.begin(status, { ...headers, 'cache-status': cacheStatus(opened.cache) });
  if (body.kind === 'bytes') sendBytes(opened, lengthOf(body), to);
  else sendParts(opened, body, to);
  return undefined;
}

/** A large body holds a file or memory while it is sent, so it may begin only when there is room for it. */
function mayBegin({ size }: Openable, { exchange, reader }: Recipient): boolean | Promise<boolean> {
  return isSmall(size) || exchange.beginBody(reader.gone);
}

function sendBytes(body: Body, length: number, { exchange, reader, sink }: Recipient): void {
  const most = sink.mostAtOnce(length, reader.client);
  if (body.kind === 'stream') {
    const pieces = body.stream.on(TAKEN, exchange.progressed);
    const isWhole = most >= Math.min(length, LARGEST_PIECE);
    sink.stream(isWhole ? pieces : slicedStream(pieces, most, exchange.progressed));
    return;
  }
  if (body.release !== undefined) sink.whenGone(body.release);
  const { bytes } = body;
  if (bytes.length <= most) sink.bytes(bytes);
  else sink.stream(streamOf(slices(bytes, most, exchange.progressed)));
}

/** Sends several ranges. The first one is already open, which shows that the bytes can be read. */
function sendParts(first: Body, { representation, layout }: PartsBody, to: Recipient): void {
  leave(first);
  // The share of large writes is reserved now, because the reader may have left when the stream asks for its first
  // piece.
  const most = to.sink.mostAtOnce(representation.size, to.reader.client);
  to.sink.stream(Readable.from(parts(representation, layout, most, to), BYTES));
}

function leave(body: Body): void {
  if (body.kind === 'stream') body.stream.destroy();
  else body.release?.();
}

function lengthOf({ representation, range }: BytesBody): number {
  return range === undefined ? representation.size : spanLength(range);
}

/** Cuts the pieces of a stream to the size of one write. */
async function* slicesOf(stream: Readable, most: number, taken: () => void): AsyncGenerator<Buffer> {
  for await (const piece of stream as AsyncIterable<Buffer>) yield* slices(piece, most, taken);
}

/** Closes the pieces explicitly, because a generator that was never started does not run its `finally`. */
function slicedStream(pieces: Readable, most: number, taken: () => void): Readable {
  return Readable.from(slicesOf(pieces, most, taken), BYTES).once('close', () => pieces.destroy());
}

async function* parts(
  representation: Openable,
  { parts, tail }: MultipartLayout,
  most: number,
  { exchange, reader }: Recipient,
): AsyncGenerator<Buffer> {
  for (const [i, { head, range }] of parts.entries()) {
    if (i % PARTS_IN_A_ROW === PARTS_IN_A_ROW - 1) await setImmediate();
    yield Buffer.from(head);
    const opened = await representation.open(range, reader);
    if (opened.kind === 'instead')
      throw new SkerryError('unavailable', 'a later range of the answer cannot be read');
    if (opened.kind === 'stream') {
      yield* slicesOf(opened.stream.on(TAKEN, exchange.progressed), most, exchange.progressed);
      continue;
    }
    try {
      yield* slices(opened.bytes, most, exchange.progressed);
    } finally {
      opened.release?.();
    }
  }
  yield Buffer.from(tail);
}
