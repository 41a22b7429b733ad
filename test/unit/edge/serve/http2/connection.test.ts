import { Readable } from 'node:stream';
import t from 'tap';
import { head, OpenedConnection } from '../../../../helpers/http2-connection.ts';
import { END_HEADERS, END_STREAM, frame, setting, uint32, WHOLE } from '../../../../helpers/http2-frames.ts';

const GET = head();
const get = (id: number) => frame('headers', WHOLE, id, GET);
const KB = 1024;
const MB = KB * KB;
const WIDE = setting(4, 2 ** 31 - 1);
/** Opens the window of the connection as far as possible. */
const widest = frame('window', 0, 0, uint32(2 ** 31 - 1 - 65_535));

t.test('the responses to all requests of one read go out in one write', async (t) => {
  const one = new OpenedConnection({ hot: Buffer.from('hot') }).greet();
  const before = one.writes;
  one.send(get(1), get(3), get(5));
  t.equal(one.writes, before + 1);
  t.equal(one.of('data').length, 3);
  const full = new OpenedConnection().greet();
  const beforeFull = full.writes;
  full.send(get(1), get(3), get(5));
  await full.settle();
  t.equal(full.writes, beforeFull + 1, 'also those that are answered in full');
});

t.test(
  'large responses side by side are sent in turns, and a small one does not wait for them',
  async (t) => {
    const large = Buffer.alloc(MB);
    const one = new OpenedConnection({
      answer: ({ request }, sink) => {
        sink.begin(200, {});
        sink.bytes(request.target === '/small' ? Buffer.from('small') : large);
      },
    }).greet(WIDE);
    one.send(widest, get(1), get(3), frame('headers', WHOLE, 5, head([[':path', '/small']])));
    await one.settle();
    for (let i = 0; i < 20; i++) await one.settle();
    t.strictSame([one.bytes(1), one.bytes(3), one.bytes(5)], [MB, MB, 5]);
    const order = one.of('data').map(({ id }) => id);
    t.strictSame(order.slice(0, 6), [1, 3, 5, 1, 3, 1]);
  },
);

t.test(
  'a window of the connection that is closed stops all streams, and one of a stream only that',
  async (t) => {
    const one = new OpenedConnection({ body: Buffer.alloc(50_000) }).greet();
    one.send(get(1), get(3));
    await one.settle();
    t.equal(one.bytes(1) + one.bytes(3), 65_535);
    one.send(frame('window', 0, 0, uint32(100_000)));
    await one.settle();
    t.strictSame([one.bytes(1), one.bytes(3)], [50_000, 50_000]);
    const other = new OpenedConnection({ body: Buffer.alloc(50_000) }).greet(setting(4, 10_000));
    other.send(get(1), get(3), frame('window', 0, 3, uint32(40_000)));
    await other.settle();
    t.strictSame([other.bytes(1), other.bytes(3)], [10_000, 50_000]);
  },
);

t.test('a prepared response waits for its window like others', async (t) => {
  const one = new OpenedConnection({ hot: Buffer.alloc(10_000) })
    .greet(setting(4, 4000))
    .send(get(1), get(3));
  await one.settle();
  t.strictSame([one.bytes(1), one.bytes(3)], [4000, 4000]);
  one.send(frame('window', 0, 3, uint32(9000)));
  t.strictSame([one.bytes(1), one.bytes(3)], [4000, 10_000]);
  t.equal(one.of('data', 3).at(-1)?.flags, END_STREAM);
});

t.test('a reader who takes nothing gets a slice, and is not read from beyond that', async (t) => {
  const one = new OpenedConnection({ hot: Buffer.alloc(10 * KB) }).greet(WIDE).send(widest);
  await one.settle();
  one.isReading = false;
  for (let i = 0; i < 100; i++) one.send(get(2 * i + 1));
  t.equal(one.of('headers').length, 100);
  t.ok(one.of('data').length * 10 * KB < 128 * KB, `${one.of('data').length} bodies wait`);
  for (let i = 100; !one.isPaused && i < 20_000; i++)
    one.send(frame('headers', WHOLE, 2 * i + 1, head([['x', String(i)]])));
  t.ok(one.isPaused || one.goneAway !== undefined || one.reset(2 * 1000 + 1) !== undefined);
});

t.test('a body that comes in pieces is read as the reader takes it', async (t) => {
  let read = 0;
  const one = new OpenedConnection({
    answer: (_stream, sink) => {
      sink.begin(200, { 'content-length': String(MB) });
      sink.stream(
        new Readable({
          highWaterMark: 1,
          read() {
            read++;
            this.push(read <= 16 ? Buffer.alloc(64 * KB) : null);
          },
        }),
      );
    },
  }).greet();
  one.send(get(1));
  await one.settle();
  t.equal(one.bytes(1), 65_535);
  t.ok(read <= 3, `${read} pieces were read`);
  one.send(frame('window', 0, 0, uint32(2 * MB)), frame('window', 0, 1, uint32(2 * MB)));
  for (let i = 0; i < 10; i++) await one.settle();
  t.equal(one.bytes(1), MB);
  t.equal(one.of('data', 1).at(-1)?.flags, END_STREAM);
});

t.test(
  'a body that fails before its first byte is replaced, a later failure resets the stream',
  async (t) => {
    const source = new Readable({ highWaterMark: 1, read() {} });
    const failing = () =>
      new OpenedConnection({
        answer: (_stream, sink) => {
          sink.begin(200, {});
          sink.stream(source);
        },
      })
        .greet()
        .send(get(1));
    const late = failing();
    source.push(Buffer.alloc(70_000));
    await late.settle();
    source.destroy(new Error('the disk fails'));
    await late.settle();
    t.equal(late.reset(1), 2);
    const early = await failing().settle();
    t.strictSame([early.failures.length, late.failures.length], [1, 1]);
    t.match(String(early.of('data', 1)[0]?.payload), /Internal error/);
  },
);

t.test('a body without bytes may come as a stream', async (t) => {
  const one = new OpenedConnection({
    answer: (_stream, sink) => {
      sink.begin(200, { 'content-length': '0' });
      sink.stream(Readable.from([], { objectMode: false }));
    },
  })
    .greet()
    .send(get(1));
  await one.settle();
  t.match(one.of('headers', 1), [{ flags: WHOLE }]);
  t.strictSame(one.failures, []);
});

t.test('HEAD gets the fields alone', async (t) => {
  const one = new OpenedConnection().greet();
  one.send(frame('headers', WHOLE, 1, head([[':method', 'HEAD']])));
  await one.settle();
  t.match(one.of('headers', 1), [{ flags: WHOLE }]);
  t.strictSame(one.of('data'), []);
});

t.test('a request with a body is answered when it is complete, or is too long to be awaited', async (t) => {
  const post = (id: number, fields: readonly (readonly [string, string])[] = []) =>
    frame('headers', END_HEADERS, id, head([[':method', 'POST'], ...fields]));
  const one = new OpenedConnection().greet().send(post(1));
  await one.settle();
  t.strictSame(one.of('headers'), []);
  one.send(frame('data', END_STREAM, 1, Buffer.from('x')));
  await one.settle();
  t.equal(one.of('headers', 1).length, 1);
  one.send(post(3), ...Array.from({ length: 3 }, () => frame('data', 0, 3, Buffer.alloc(8 * KB))));
  await one.settle();
  t.equal(one.of('headers', 3).length, 1);
  t.equal(one.reset(3), 0, 'the client may stop sending');
  one.send(post(5, [['expect', '100-continue']]));
  await one.settle();
  t.equal(one.of('headers', 5).length, 1, 'a client that waits is answered at once');
  one.send(post(7));
  one.now = 40_000;
  one.connection.endUnfinished(10_000);
  await one.settle();
  t.equal(one.reset(7), 8);
});

t.test('a request that there is no room for may be sent again', async (t) => {
  const one = new OpenedConnection({ mayBegin: () => false }).greet().send(get(1));
  t.equal(one.reset(1), 7);
  t.equal(one.asked.length, 0);
});

t.test('the fields of known heads do not change, whatever is asked in between', async (t) => {
  const targets: string[] = [];
  const one = new OpenedConnection({
    answer: ({ request }, sink) => {
      targets.push(`${request.target} ${request.plain?.acceptEncoding}`);
      sink.begin(200, {});
      sink.bytes(undefined);
    },
  }).greet();
  const asked = ['/a', '/b', '/a', '/long/path', '/'].flatMap((path) => [
    [path, 'br'],
    [path, 'gzip'],
  ]);
  asked.forEach(([path = '', coding = ''], i) => {
    one.send(
      frame(
        'headers',
        WHOLE,
        2 * i + 1,
        head([
          [':path', path],
          ['accept-encoding', coding],
        ]),
      ),
    );
  });
  // The same bytes after the table has changed.
  one.send(frame('headers', WHOLE, 101, Buffer.concat([head(), Buffer.from('4001780179', 'hex')])));
  one.send(
    frame(
      'headers',
      WHOLE,
      103,
      head([
        [':path', '/b'],
        ['accept-encoding', 'br'],
      ]),
    ),
  );
  await one.settle();
  t.strictSame(targets, [...asked.map((parts) => parts.join(' ')), '/ undefined', '/b br']);
});

t.test('a drained edge: the next response is the last, and no request on its way is lost', async (t) => {
  const one = new OpenedConnection().greet();
  one.connection.leaveWithNext();
  await one.settle();
  t.strictSame(one.of('goAway'), []);
  one.send(get(1));
  one.send(get(3));
  await one.settle();
  t.strictSame(
    one.of('goAway').map(({ payload }) => payload.readUInt32BE(0)),
    [2 ** 31 - 1, 3],
  );
  t.strictSame([one.of('headers').length, one.hasEnded], [2, true]);
});

t.test('leaving waits for the responses that are under way, and opens nothing more', async (t) => {
  const one = new OpenedConnection({ body: Buffer.alloc(100_000) }).greet().send(get(1));
  await one.settle();
  one.connection.leave();
  one.send(get(3));
  await one.settle();
  t.equal(one.hasEnded, false);
  t.strictSame(one.of('headers', 3), []);
  one.send(frame('window', 0, 0, uint32(100_000)), frame('window', 0, 1, uint32(100_000)));
  await one.settle();
  t.strictSame([one.bytes(1), one.hasEnded], [100_000, true]);
});

t.test('what a connection waits for', async (t) => {
  const one = new OpenedConnection();
  t.match(one.connection.waiting, { kind: 'first-request', since: 0 });
  one.greet();
  one.now = 5;
  one.send(get(1).subarray(0, 12));
  t.match(one.connection.waiting, { kind: 'rest-of-frame', since: 5 });
  one.now = 6;
  one.send(get(1).subarray(12, 14));
  t.match(one.connection.waiting, { kind: 'rest-of-frame', since: 5 });
  one.now = 7;
  one.send(get(1).subarray(14));
  t.match(one.connection.waiting, { kind: 'next-request', since: 7 });
  one.send(frame('headers', END_STREAM, 3, GET));
  t.match(one.connection.waiting, { kind: 'rest-of-frame' }, 'a head without its end');
  const busy = new OpenedConnection({ answer: () => {} }).greet().send(get(1));
  t.equal(busy.connection.waiting, undefined);
});

t.test('when the socket closes, all that the streams hold is released', async (t) => {
  let isDestroyed = false;
  let isGone = false;
  const one = new OpenedConnection({
    answer: (_stream, sink) => {
      const source = new Readable({ read() {} });
      source.on('close', () => {
        isDestroyed = true;
      });
      sink.whenGone(() => {
        isGone = true;
      });
      sink.begin(200, {});
      sink.stream(source);
    },
  })
    .greet()
    .send(get(1));
  one.connection.closed();
  await one.settle();
  t.strictSame([isDestroyed, isGone], [true, true]);
});
