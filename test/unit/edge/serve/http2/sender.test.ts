import t from 'tap';
import { FrameWriter } from '../../../../../edge/serve/http2/frame-writer.ts';
import { OutBuffers } from '../../../../../edge/serve/http2/out-buffers.ts';
import { Sender } from '../../../../../edge/serve/http2/sender.ts';
import { Stream } from '../../../../../edge/serve/http2/stream.ts';
import type { StreamRequest } from '../../../../../edge/serve/http2/stream-request.ts';

const REQUEST: StreamRequest = {
  ...{ method: 'GET', target: '/', contentLength: undefined, expects: false, plain: undefined },
  ...{ forwarded: {}, fields: [] },
};
const KB = 1024;
const SLICE = 32 * KB;

function setUp() {
  const writes: { readonly bytes: number; readonly done: () => void }[] = [];
  const socket = {
    ...{ destroyed: false, writableEnded: false },
    write: (bytes: Buffer, done: () => void) => writes.push({ bytes: bytes.length, done }),
  };
  let mostAllowed = SLICE;
  const writer = new FrameWriter(socket, new OutBuffers(), () => {});
  const sent: number[] = [];
  const sender = new Sender({
    writer,
    allow: (bytes) => Math.min(bytes, mostAllowed),
    sent: (stream) => {
      sent.push(stream.id);
      stream.isSent = true;
    },
    needed: () => {},
  });
  sender.widenConnection(2 ** 30);
  const open = (id: number, bytes: number) => {
    const stream = new Stream(id, REQUEST, 'half-closed', 2 ** 30, 0);
    stream.body = Buffer.alloc(bytes);
    stream.isLast = true;
    sender.enqueue(stream);
    return stream;
  };
  const allow = (bytes: number) => {
    mostAllowed = bytes;
  };
  /** Sends what can be sent. Returns the size of the write. */
  const pump = () => {
    const before = writes.length;
    sender.pump();
    writer.flush(0);
    return writes.length === before ? 0 : (writes.at(-1)?.bytes ?? 0);
  };
  const taken = (ms: number) => {
    const write = writes.at(-1);
    write?.done();
    sender.written(write?.bytes ?? 0, ms);
  };
  return { sender, sent, open, pump, taken, allow };
}

t.test('a write has one slice, and the next one waits until the reader has taken it', (t) => {
  const { open, pump, taken } = setUp();
  open(1, 1000 * KB);
  const first = pump();
  t.ok(first >= SLICE && first < SLICE + 17 * KB, `${first}`);
  t.equal(pump(), 0);
  taken(100);
  t.ok(pump() >= SLICE);
  t.end();
});

t.test(
  'a fast reader gets larger slices as far as they are allowed, and a slow one smaller ones again',
  (t) => {
    const { open, pump, taken, allow } = setUp();
    open(1, 10_000 * KB);
    allow(128 * KB);
    const sizes = [1, 1, 1, 1, 100, 100, 100].map((ms) => {
      const size = pump();
      taken(ms);
      return Math.floor(size / (32 * KB));
    });
    t.strictSame(sizes, [1, 2, 4, 4, 4, 2, 1]);
    t.end();
  },
);

t.test('a stream that closes does not wait any longer', (t) => {
  const { sender, open, pump, sent } = setUp();
  open(1, 200 * KB);
  pump();
  const streams = Array.from({ length: 50 }, (_, i) => open(2 * i + 3, 10));
  for (const stream of streams) sender.dequeue(stream);
  t.equal(sender.waiting, 1);
  t.strictSame(sent, []);
  const closed = new Sender({ ...blockedParts(), needed: () => {}, sent: () => {} });
  const stream = new Stream(1, REQUEST, 'half-closed', 2 ** 30, 0);
  stream.body = Buffer.alloc(70_000);
  closed.enqueue(stream);
  for (let i = 0; i < 10; i++) closed.pump();
  t.equal(closed.waiting, 1, 'it waits for the window of the connection');
  closed.dequeue(stream);
  t.equal(closed.waiting, 0);
  t.end();
});

function blockedParts() {
  const socket = {
    ...{ destroyed: false, writableEnded: false },
    write: (_bytes: Buffer, done: () => void) => done(),
  };
  const writer = new FrameWriter(socket, new OutBuffers(), () => {});
  return { writer, allow: () => 1_000_000 };
}
