import type { Sink } from '../../edge/serve/answering/sink.ts';
import { encodeFields } from '../../edge/serve/hpack/encoder.ts';
import { Connection } from '../../edge/serve/http2/connection.ts';
import { OutBuffers } from '../../edge/serve/http2/out-buffers.ts';
import type { Peer } from '../../edge/serve/http2/peer.ts';
import { preparedFrames } from '../../edge/serve/http2/prepared-frames.ts';
import type { Answers } from '../../edge/serve/http2/requests.ts';
import type { Stream } from '../../edge/serve/http2/stream.ts';
import { textAnswer } from '../../edge/serve/site/answer.ts';
import { type Frame, frame, framesIn, PREFACE, TYPES } from './http2-frames.ts';

const CHUNK_BYTES = 4096;

type Field = readonly [name: string, value: string];

/** The header block of a request. Fields of the same name replace the usual ones. */
export function head(fields: readonly Field[] = [], without: readonly string[] = []): Buffer {
  const usual: Field[] = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/'],
    [':authority', 'www.localhost'],
  ];
  const left = new Set([...fields.map(([name]) => name), ...without]);
  return encodeFields([
    ...usual
      .map((field) => [field, fields.find(([name]) => name === field[0])] as const)
      .filter(([[name], other]) => other !== undefined || !left.has(name))
      .map(([field, other]) => other ?? field),
    ...fields.filter(([name]) => !usual.some(([other]) => other === name)),
  ]);
}

export interface OpenOptions {
  /** The body of each response in full. */
  readonly body?: Buffer | undefined;
  /** The body of a prepared response to each plain GET. */
  readonly hot?: Buffer | undefined;
  /** The fields of the prepared responses, in turns, beside their `content-length`. */
  readonly hotFields?: readonly Readonly<Record<string, string>>[];
  /** Answers in full, in place of `body`. */
  readonly answer?: ((stream: Stream, sink: Sink) => void) | undefined;
  readonly mayBegin?: () => boolean;
}

/** A connection whose client is a test, in the same process and without a socket. */
export class OpenedConnection {
  readonly connection: Connection;
  readonly asked: Stream[] = [];
  /** The clock, in milliseconds. */
  now = 0;
  hasEnded = false;
  isPaused = false;
  /** While false, the client takes no bytes. */
  isReading = true;
  /** The bytes of each write that the client has not taken. */
  readonly untaken: (() => void)[] = [];
  writes = 0;
  failures: unknown[] = [];
  #received: Buffer[] = [];

  constructor({ body, hot, hotFields = [{}], answer, mayBegin = () => true }: OpenOptions = {}) {
    const prepared = hotFields.flatMap((fields) =>
      hot === undefined
        ? []
        : preparedFrames({
            ...{ status: 200, headers: { ...fields, 'content-length': String(hot.length) }, body: hot },
            ...{ source: undefined, mayBeGiven: () => true },
          })(0),
    );
    let given = 0;
    const answers: Answers = {
      ready: () => {
        const frames = prepared[given++ % prepared.length];
        return frames && { frames, given: () => {} };
      },
      begin: mayBegin,
      answer: (stream, sink) => {
        this.asked.push(stream);
        if (answer !== undefined) return answer(stream, sink);
        const bytes = body ?? Buffer.from('hello');
        sink.begin(200, { 'content-length': String(bytes.length) });
        sink.bytes(bytes);
      },
      failed: (error) => {
        this.failures.push(error);
        return textAnswer(500, 'Internal error\n');
      },
      date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
    };
    const write = (bytes: Buffer, done: () => void) => {
      this.writes++;
      this.#received.push(Buffer.from(bytes));
      if (this.isReading) queueMicrotask(done);
      else this.untaken.push(done);
    };
    const peer: Peer = {
      socket: { destroyed: false, writableEnded: false, write },
      client: '192.0.2.1',
      allow: (bytes, most) => Math.min(bytes, most),
      pauseReading: (isPaused) => {
        this.isPaused = isPaused;
      },
      ended: () => {
        this.hasEnded = true;
      },
    };
    this.connection = new Connection(peer, answers, {
      buffers: new OutBuffers(),
      // Time passes only between turns.
      turns: { mustWait: () => false, wait: (_client, work) => setImmediate(work), wrote: () => {} },
      writeTurns: { wait: (writer) => setImmediate(() => writer.writeSlice()) },
      now: () => this.now,
    });
  }

  /** Sends the preface and settings, and acknowledges those of the server. */
  greet(settings: Uint8Array = Buffer.alloc(0)): this {
    return this.send(PREFACE, frame('settings', 0, 0, settings), frame('settings', 1, 0));
  }

  send(...pieces: readonly Buffer[]): this {
    const bytes = Buffer.concat(pieces);
    // Larger chunks would wait for the next turn of the event loop.
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
      this.connection.read(bytes.subarray(at, at + CHUNK_BYTES));
    return this;
  }

  get frames(): Frame[] {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    return framesIn(all).frames;
  }

  /** The frames of one type, and of one stream if it is given. */
  of(type: keyof typeof TYPES, id?: number): Frame[] {
    return this.frames.filter((one) => one.type === TYPES[type] && (id === undefined || one.id === id));
  }

  /** The bytes of the response's body on a stream. */
  bytes(id: number): number {
    return this.of('data', id).reduce((sum, { payload }) => sum + payload.length, 0);
  }

  /** The code of the GOAWAY that ended the connection. */
  get goneAway(): number | undefined {
    return this.of('goAway').at(-1)?.payload.readUInt32BE(4);
  }

  /** The code with which a stream was reset. */
  reset(id: number): number | undefined {
    return this.of('reset', id)[0]?.payload.readUInt32BE(0);
  }

  /** Lets the server send what it can send now. */
  async settle(): Promise<this> {
    for (let i = 0; i < 8; i++) await new Promise(setImmediate);
    return this;
  }
}
