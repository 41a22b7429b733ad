import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Sink } from '../../edge/serve/answering/sink.ts';
import { Decoder } from '../../edge/serve/hpack/decoder.ts';
import { staticFields } from '../../edge/serve/hpack/dynamic-table.ts';
import type { Stream } from '../../edge/serve/http2/stream.ts';
import { head, OpenedConnection } from '../helpers/http2-connection.ts';
import {
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  PADDED,
  PRIORITY,
  setting,
  TYPES,
  uint32,
} from '../helpers/http2-frames.ts';
import { type Random, random } from '../helpers/random.ts';

/**
 * Random sequences of frames for a connection in the same process. What must hold whatever comes: nothing throws, no
 * malformed request gets a response, no window is exceeded, the frames of each stream are in order, and a client can
 * decode all header blocks.
 */

const MOST_STEPS = 24;
const DEFAULT_WINDOW = 65_535;
const HEADER_TABLE_SIZE = 1;
const INITIAL_WINDOW_SIZE = 4;
const USUAL_TABLE = 4096;
const TABLE_OF_0 = 0x20;

type Field = readonly [name: string, value: string];

const MALFORMED: readonly Buffer[] = [
  ...(
    [
      [['connection', 'close']],
      [['X-UPPER', 'a']],
      [['x', 'a\nb']],
      [['x', ' a']],
      [['te', 'gzip']],
      [[':status', '200']],
      [[':path', '']],
      [[':path', 'a']],
      [[':method', 'G ET']],
      [['content-length', '5']],
      [
        ['content-length', '5'],
        ['content-length', '6'],
      ],
    ] as const satisfies readonly (readonly Field[])[]
  ).map((fields) => head(fields)),
  ...[':method', ':path', ':scheme'].map((name) => head([], [name])),
  Buffer.concat([head(), head()]),
];

/** Prepared responses, of which the second one fills the client's table. The tag tells which one it is. */
const HOT_FIELDS: readonly Readonly<Record<string, string>>[] = [
  { etag: '0' },
  {
    ...{
      etag: '1',
      'skerry-revision': 'www@7',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    },
    ...{
      'cache-control': 'public, max-age=0, must-revalidate',
      'cache-status': 'Skerry; hit; detail=memory',
    },
  },
  { etag: '2', 'skerry-revision': 'docs@9', 'cache-control': 'no-store', 'accept-ranges': 'bytes' },
];

interface Sequence {
  readonly random: Random;
  readonly one: OpenedConnection;
  /** Streams whose requests are malformed. */
  readonly malformed: Set<number>;
  /** How much the client has allowed: on each stream in addition to the initial window, and on the connection. */
  readonly allowed: Map<number, number>;
  ofConnection: number;
  initialWindow: number;
  /** For each SETTINGS of the client, whether it wants a small table. */
  readonly smallTables: boolean[];
  next: number;
}

type Step = (sequence: Sequence) => Buffer;

function usualHead({ random }: Sequence): Buffer {
  const path = random.pick(['/', '/a', '/b/c', `/${'x'.repeat(random.below(40))}`]);
  const fields: Field[] = [[':path', path]];
  if (random.below(3) === 0) fields.push(['accept-encoding', random.pick(['gzip', 'br', 'zstd, br'])]);
  if (random.below(5) === 0) fields.push([':method', random.pick(['HEAD', 'OPTIONS', 'POST'])]);
  const block = head(fields);
  // A field that the table remembers, so that later blocks mean something else.
  return random.below(6) === 0
    ? Buffer.concat([block, Buffer.from('40017801', 'hex'), Buffer.from('y')])
    : block;
}

function opened(sequence: Sequence): number {
  const id = sequence.next;
  sequence.next += 2 * (1 + sequence.random.below(2));
  return id;
}

function someStream({ random, next }: Sequence): number {
  return 1 + 2 * random.below((next + 1) / 2);
}

/** HEADERS in one frame or several, with or without padding and priority. */
function headersOf({ random }: Sequence, id: number, block: Buffer, isEnd: boolean): Buffer {
  const end = isEnd ? END_STREAM : 0;
  switch (random.below(6)) {
    case 0: {
      const at = random.below(block.length);
      return Buffer.concat([
        frame('headers', end, id, block.subarray(0, at)),
        frame('continuation', END_HEADERS, id, block.subarray(at)),
      ]);
    }
    case 1: {
      const padding = random.below(20);
      const payload = [Buffer.of(padding), uint32(0), Buffer.of(16), block, Buffer.alloc(padding)];
      return frame('headers', end | END_HEADERS | PADDED | PRIORITY, id, Buffer.concat(payload));
    }
    default:
      return frame('headers', end | END_HEADERS, id, block);
  }
}

const STEPS: readonly Step[] = [
  (sequence) => headersOf(sequence, opened(sequence), usualHead(sequence), true),
  (sequence) => headersOf(sequence, opened(sequence), usualHead(sequence), true),
  (sequence) => {
    const id = opened(sequence);
    sequence.malformed.add(id);
    return headersOf(sequence, id, sequence.random.pick(MALFORMED), true);
  },
  (sequence) => {
    const { random, malformed } = sequence;
    const id = opened(sequence);
    const announced = random.below(30);
    const sent = random.below(2) === 0 ? announced : random.below(30);
    if (announced !== sent) malformed.add(id);
    const fields: Field[] = [
      [':method', 'POST'],
      ['content-length', String(announced)],
    ];
    return Buffer.concat([
      headersOf(sequence, id, head(fields), false),
      frame('data', END_STREAM, id, Buffer.alloc(sent)),
    ]);
  },
  (sequence) => {
    const id = someStream(sequence);
    const more = 1 + sequence.random.below(30_000);
    sequence.allowed.set(id, (sequence.allowed.get(id) ?? 0) + more);
    return frame('window', 0, id, uint32(more));
  },
  (sequence) => {
    const more = 1 + sequence.random.below(60_000);
    sequence.ofConnection += more;
    return frame('window', 0, 0, uint32(more));
  },
  (sequence) => {
    const size = sequence.random.below(100_000);
    sequence.initialWindow = Math.max(sequence.initialWindow, size);
    sequence.smallTables.push(false);
    return frame('settings', 0, 0, setting(INITIAL_WINDOW_SIZE, size));
  },
  (sequence) => {
    const size = sequence.random.pick([0, USUAL_TABLE - 1, USUAL_TABLE, 65_536]);
    sequence.smallTables.push(size < USUAL_TABLE);
    return frame('settings', 0, 0, setting(HEADER_TABLE_SIZE, size));
  },
  (sequence) => frame('reset', 0, someStream(sequence), uint32(8)),
  () => frame('ping', 0, 0, Buffer.alloc(8)),
  (sequence) => frame('priority', 0, someStream(sequence), Buffer.alloc(5)),
  (sequence) =>
    frame('data', sequence.random.below(2), someStream(sequence), Buffer.alloc(sequence.random.below(50))),
  ({ random }) => frame(0x20 + random.below(200), random.below(256), 0, Buffer.alloc(random.below(30))),
];

/** Frames of which anything may be wrong. After them, only what holds in any case is checked. */
function wild({ random, next }: Sequence): Buffer {
  const payload = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
  const any = frame(random.below(11), random.below(256), random.below(next + 3), payload);
  if (random.below(3) === 0) any[random.below(any.length)] = random.below(256);
  return any;
}

/** Plays one sequence. Returns what is wrong, or undefined. */
export async function playSequence(seed: number): Promise<string | undefined> {
  const round = random(seed);
  const one = new OpenedConnection({
    hot: round.below(2) === 0 ? Buffer.alloc(round.below(20_000)) : undefined,
    hotFields: Array.from({ length: 4 }, () => round.pick(HOT_FIELDS)),
    answer: (stream, sink) => answerSomehow(round, stream, sink),
  });
  const sequence: Sequence = {
    ...{ random: round, one, malformed: new Set<number>(), allowed: new Map<number, number>() },
    ...{ ofConnection: DEFAULT_WINDOW, initialWindow: DEFAULT_WINDOW, smallTables: [false], next: 1 },
  };
  let isWild = false;
  try {
    one.greet();
    for (let step = round.below(MOST_STEPS); step > 0; step--) {
      isWild ||= round.below(40) === 0;
      const bytes = isWild && round.below(2) === 0 ? wild(sequence) : round.pick(STEPS)(sequence);
      const at = round.below(4) === 0 ? round.below(bytes.length) : bytes.length;
      one.send(bytes.subarray(0, at));
      if (at < bytes.length) one.send(bytes.subarray(at));
      if (round.below(4) === 0) await turn();
      if (round.below(50) === 0) one.connection.leaveWithNext();
    }
    await turn();
    await turn();
    one.connection.closed();
  } catch (error) {
    return `it throws ${error instanceof Error ? error.stack : error}`;
  }
  if (one.failures.length > 0) return `a failure: ${one.failures[0]}`;
  return wrongWith(one.frames, sequence, isWild) ?? (isWild ? undefined : wrongHeads(one.frames, sequence));
}

function answerSomehow(round: Random, { request }: Stream, sink: Sink): void {
  const body = Buffer.alloc(round.below(3) === 0 ? round.below(200_000) : round.below(300));
  const send = () => {
    sink.begin(
      200,
      request.method === 'HEAD' || round.below(2) === 0 ? {} : { 'content-length': `${body.length}` },
    );
    if (round.below(3) === 0) sink.stream(Readable.from([body], { objectMode: false }));
    else sink.bytes(body);
  };
  if (round.below(2) === 0) send();
  else setImmediate(send);
}

function wrongWith(frames: readonly Frame[], sequence: Sequence, isWild: boolean): string | undefined {
  const { malformed, allowed, ofConnection, initialWindow } = sequence;
  const sent = new Map<number, number>();
  const states = new Map<number, 'begun' | 'ended'>();
  let all = 0;
  let hasEnded = false;
  for (const { type, flags, id, payload } of frames) {
    if (hasEnded) return 'a frame after the error that ends the connection';
    if (type === TYPES.goAway && payload.readUInt32BE(4) !== 0) hasEnded = true;
    if (type === TYPES.reset) states.set(id, 'ended');
    if (type !== TYPES.headers && type !== TYPES.data) continue;
    if (!isWild && malformed.has(id)) return `a response to the malformed request ${id}`;
    const state = states.get(id);
    if (state === 'ended') return `a frame of stream ${id} after its end`;
    if ((type === TYPES.data) !== (state === 'begun')) return `the frames of stream ${id} are out of order`;
    states.set(id, (flags & END_STREAM) === 0 ? 'begun' : 'ended');
    if (type === TYPES.headers) continue;
    all += payload.length;
    const ofStream = (sent.get(id) ?? 0) + payload.length;
    sent.set(id, ofStream);
    if (isWild) continue;
    if (all > ofConnection) return 'more than the window of the connection';
    if (ofStream > initialWindow + (allowed.get(id) ?? 0)) return `more than the window of stream ${id}`;
  }
  return undefined;
}

/** Decodes the header blocks as a client does. */
function wrongHeads(frames: readonly Frame[], { smallTables }: Sequence): string | undefined {
  const kindOf = () => 0;
  const decoder = new Decoder({ kindOf, staticFields: staticFields(kindOf), mostListBytes: 65_536 });
  let acks = 0;
  let mustTell = false;
  for (const { type, flags, id, payload } of frames) {
    if (type === TYPES.settings && flags !== 0 && smallTables[acks++]) mustTell = true;
    if (type !== TYPES.headers) continue;
    if (mustTell && payload[0] !== TABLE_OF_0) return `stream ${id} does not say that there is no table`;
    mustTell = false;
    const fields = decoder.decode(payload, 0, payload.length).map(({ name, value }) => [name, value]);
    if (fields[0]?.[0] !== ':status') return `stream ${id} has no status`;
    const got = new Map(fields as [string, string][]);
    const expected = HOT_FIELDS[Number(got.get('etag') ?? Number.NaN)] ?? {};
    for (const [name, value] of Object.entries(expected))
      if (got.get(name) !== value) return `stream ${id} has ${name}: ${got.get(name)}`;
  }
  return undefined;
}
