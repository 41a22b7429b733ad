import t from 'tap';
import { encodeFields } from '../../../../../edge/serve/hpack/encoder.ts';
import { head, OpenedConnection } from '../../../../helpers/http2-connection.ts';
import { END_HEADERS, END_STREAM, frame, setting, uint32, WHOLE } from '../../../../helpers/http2-frames.ts';

/** Clients who cause work without end. Each connection must end long before the flood does. */
const CALM = 11;
const CANCEL = uint32(8);
const GET = head();
const POST = head([[':method', 'POST']]);
const FLOOD = 20_000;
const AT_ONCE = 50;

interface Flood {
  readonly name: string;
  /** The frames number `i`. */
  readonly frames: (i: number) => Buffer;
  readonly settings?: Buffer;
  /** What the server may at most do before it ends the connection. */
  readonly mostAnswers: number;
}

const FLOODS: readonly Flood[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    frames: (i) =>
      Buffer.concat([frame('headers', WHOLE, 2 * i + 1, GET), frame('reset', 0, 2 * i + 1, CANCEL)]),
    mostAnswers: 300,
  },
  {
    name: 'streams that the server has to reset (CVE-2025-8671)',
    frames: (i) =>
      Buffer.concat([
        frame('headers', END_HEADERS, 2 * i + 1, POST),
        frame('window', 0, 2 * i + 1, uint32(0)),
      ]),
    mostAnswers: 300,
  },
  {
    name: 'malformed requests',
    frames: (i) => frame('headers', WHOLE, 2 * i + 1, head([['connection', 'close']])),
    mostAnswers: 0,
  },
  {
    name: 'DATA on streams that are complete',
    frames: (i) =>
      Buffer.concat([
        frame('headers', WHOLE, 2 * i + 1, GET),
        frame('data', END_STREAM, 2 * i + 1, Buffer.from('x')),
      ]),
    mostAnswers: 300,
  },
  {
    name: 'streams beyond the limit',
    frames: (i) => frame('headers', END_HEADERS, 2 * i + 1, POST),
    mostAnswers: 0,
  },
  {
    name: 'CONTINUATION without end (CVE-2024-27316)',
    frames: (i) =>
      i === 0
        ? frame('headers', END_STREAM, 1, GET)
        : frame('continuation', 0, 1, encodeFields([[`x-${i}`, 'y'.repeat(1000)]])),
    mostAnswers: 0,
  },
  {
    name: 'empty CONTINUATION',
    frames: (i) => (i === 0 ? frame('headers', END_STREAM, 1, GET) : frame('continuation', 0, 1)),
    mostAnswers: 0,
  },
  { name: 'SETTINGS (CVE-2019-9515)', frames: () => frame('settings', 0, 0, setting(4, 9)), mostAnswers: 0 },
  { name: 'acknowledged SETTINGS', frames: () => frame('settings', 1, 0), mostAnswers: 0 },
  { name: 'PING (CVE-2019-9512)', frames: () => frame('ping', 0, 0, Buffer.alloc(8)), mostAnswers: 0 },
  {
    name: 'empty DATA (CVE-2019-9518)',
    frames: (i) => (i === 0 ? frame('headers', END_HEADERS, 1, POST) : frame('data', 0, 1)),
    mostAnswers: 0,
  },
  {
    name: 'PRIORITY (CVE-2019-9513)',
    frames: (i) => frame('priority', 0, 2 * (i % 1000) + 1, Buffer.alloc(5, 1)),
    mostAnswers: 0,
  },
  { name: 'WINDOW_UPDATE by 1', frames: () => frame('window', 0, 0, uint32(1)), mostAnswers: 0 },
  {
    name: 'a window that is opened by 1 again and again (CVE-2019-9511)',
    settings: setting(4, 0),
    frames: (i) => (i === 0 ? frame('headers', WHOLE, 1, GET) : frame('window', 0, 1, uint32(1))),
    mostAnswers: 1,
  },
  { name: 'unknown frames', frames: () => frame(0xee, 0, 0), mostAnswers: 0 },
  { name: 'GOAWAY', frames: () => frame('goAway', 0, 0, Buffer.alloc(8)), mostAnswers: 0 },
  {
    name: 'heads that are too large',
    frames: (i) => frame('headers', WHOLE, 2 * i + 1, head(LARGE)),
    mostAnswers: 0,
  },
  {
    name: 'HPACK bombs',
    frames: (i) => frame('headers', WHOLE, 2 * i + 1, Buffer.concat([GET, bomb(i)])),
    mostAnswers: 1,
  },
];

/** Some 17 KB as HPACK counts them, in fewer bytes. */
const LARGE = Array.from({ length: 5 }, (_, i) => [`x-${i}`, 'a'.repeat(3400)] as const);

/** The first one makes an entry of 4,000 bytes, and all others name it thousands of times. */
function bomb(i: number): Buffer {
  if (i === 0) return Buffer.concat([Buffer.of(0x40), encodeFields([['z', 'a'.repeat(3900)]]).subarray(1)]);
  return Buffer.alloc(12_000, 0xbe);
}

for (const { name, frames, settings, mostAnswers } of FLOODS)
  t.test(name, async (t) => {
    const one = new OpenedConnection({ body: Buffer.alloc(1000) }).greet(settings);
    let sent = 0;
    while (sent < FLOOD && !one.hasEnded) {
      one.send(...Array.from({ length: AT_ONCE }, (_, k) => frames(sent + k)));
      sent += AT_ONCE;
      await new Promise(setImmediate);
    }
    t.ok(sent < 3000, `it ends after ${sent} of ${FLOOD}`);
    t.equal(one.goneAway, CALM);
    t.ok(one.asked.length <= mostAnswers, `${one.asked.length} requests were answered`);
    t.strictSame(one.failures, []);
  });

t.test('what browsers do is no flood', async (t) => {
  const one = new OpenedConnection({ body: Buffer.alloc(1000) }).greet();
  // Pages that are left: all streams are cancelled, and then new ones are opened.
  for (let page = 0, id = 1; page < 2; page++)
    for (let i = 0; i < 100; i++, id += 2) {
      one.send(frame('headers', WHOLE, id, GET));
      one.send(frame('reset', 0, id, CANCEL));
    }
  for (let id = 1001; id < 4001; id += 2) {
    one.send(frame('headers', WHOLE, id, GET));
    await new Promise(setImmediate);
    one.send(frame('window', 0, 0, uint32(1000)), frame('ping', 0, 0, Buffer.alloc(8)));
  }
  t.equal(one.goneAway, undefined);
  t.equal(one.of('headers', 3999).length, 1);
});

t.test('in the course of time, resets are allowed again', (t) => {
  const one = new OpenedConnection().greet();
  let id = 1;
  const cancel = (count: number) => {
    for (let i = 0; i < count; i++, id += 2)
      one.send(frame('headers', WHOLE, id, GET), frame('reset', 0, id, CANCEL));
  };
  for (let second = 0; second < 100; second++) {
    cancel(30);
    one.now += 1000;
  }
  t.equal(one.goneAway, undefined);
  cancel(300);
  t.equal(one.goneAway, CALM);
  t.end();
});
