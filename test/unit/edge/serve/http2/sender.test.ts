import t from 'tap';
import { FrameWriter } from '../../../../../edge/serve/http2/frame-writer.ts';
import { OutBuffers } from '../../../../../edge/serve/http2/out-buffers.ts';
import { priorityOf } from '../../../../../edge/serve/http2/priority.ts';
import { Sender } from '../../../../../edge/serve/http2/sender.ts';
import { Stream } from '../../../../../edge/serve/http2/stream.ts';
import type { StreamRequest } from '../../../../../edge/serve/http2/stream-request.ts';

const REQUEST: StreamRequest = {
  ...{ method: 'GET', target: '/', contentLength: undefined, expects: false, plain: undefined },
  ...{ forwarded: {}, priority: undefined, fields: [] },
};
const KB = 1024;
const SLICE = 32 * KB;

function setUp(window = 2 ** 30) {
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
    peer: { allow: (bytes) => Math.min(bytes, mostAllowed) },
    sent: (stream) => {
      sent.push(stream.id);
      stream.isSent = true;
    },
    needed: () => {},
  });
  if (window > 0) sender.widenConnection(window);
  const open = (id: number, bytes: number, priority?: string) => {
    const stream = new Stream(id, REQUEST, 'half-closed', 2 ** 30, 0);
    stream.body = Buffer.alloc(bytes);
    stream.isLast = true;
    stream.priority = priorityOf(priority);
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

/** The order in which streams of 20 KB are completely sent. The key is the number of the stream. */
const ORDERS: readonly {
  readonly name: string;
  readonly priorities: Readonly<Record<number, string | undefined>>;
  readonly order: readonly number[];
}[] = [
  { name: 'no priority', priorities: { 1: undefined, 3: undefined, 5: undefined }, order: [1, 3, 5] },
  { name: 'urgency', priorities: { 1: 'u=5', 3: 'u=1', 5: 'u=3' }, order: [3, 5, 1] },
  { name: 'one after another', priorities: { 3: 'u=2', 1: 'u=2', 5: 'u=2' }, order: [1, 3, 5] },
  { name: 'whole streams before turns', priorities: { 1: 'i', 3: 'u=3', 5: undefined }, order: [3, 1, 5] },
  { name: 'urgent turns before whole streams', priorities: { 1: 'u=3', 3: 'u=2, i' }, order: [3, 1] },
];

for (const { name, priorities, order } of ORDERS)
  t.test(`order: ${name}`, (t) => {
    const { open, pump, taken, sent } = setUp();
    for (const [id, priority] of Object.entries(priorities)) open(Number(id), 20 * KB, priority);
    while (pump() > 0) taken(100);
    t.strictSame(sent, order);
    t.end();
  });

t.test('one stream after another, or in turns', (t) => {
  for (const [priority, expected] of [
    ['u=3', 0],
    ['u=3, i', SLICE / 2],
  ] as const) {
    const { open, pump } = setUp();
    open(1, 1000 * KB, priority);
    const second = open(3, 1000 * KB, priority);
    pump();
    t.equal(second.sent, expected, priority);
  }
  t.end();
});

t.test('a stream that waits for its turn gets another priority', (t) => {
  const { sender, open, pump, taken, sent } = setUp();
  open(1, 200 * KB);
  const second = open(3, 200 * KB);
  pump();
  sender.prioritise(second, priorityOf('u=0'));
  taken(100);
  while (pump() > 0) taken(100);
  t.strictSame(sent, [3, 1]);

  t.end();
});

t.test('streams that wait for the window of the connection go on in their order', (t) => {
  const { sender, open, pump, taken, sent } = setUp(0);
  for (const [id, priority] of [
    [1, 'u=6'],
    [3, 'u=6'],
    [5, 'u=6'],
  ] as const)
    open(id, 40 * KB, priority);
  const urgent = open(7, 40 * KB, 'u=6');
  while (pump() > 0) taken(100);
  t.strictSame(sent, [1]);
  sender.prioritise(urgent, priorityOf('u=0'));
  sender.widenConnection(2 ** 30);
  while (pump() > 0) taken(100);
  t.strictSame(sent, [1, 7, 3, 5]);
  t.end();
});

function blockedParts() {
  const socket = {
    ...{ destroyed: false, writableEnded: false },
    write: (_bytes: Buffer, done: () => void) => done(),
  };
  const writer = new FrameWriter(socket, new OutBuffers(), () => {});
  return { writer, peer: { allow: () => 1_000_000 } };
}
