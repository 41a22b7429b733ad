import t from 'tap';
import { Incoming } from '../../../../edge/read-through/incoming.ts';
import { pieceAt, pieceStream } from '../../../../edge/read-through/pieces.ts';
import { SkerryError } from '../../../../shared/errors.ts';

const FILE = 'partial';
const gone = new SkerryError('unavailable', 'gone');

t.test('whoever waits for a span goes on when all of it is there', async (t) => {
  const incoming = new Incoming();
  let isThere = false;
  const whole = incoming.whole({ start: 5, end: 15 }).then(() => {
    isThere = true;
  });
  incoming.arrived(FILE, { start: 10, end: 20 });
  await Promise.resolve();
  t.equal(isThere, false);
  incoming.arrived(FILE, { start: 0, end: 10 });
  await whole;
  await incoming.whole({ start: 0, end: 20 });
});

t.test('a break is for those who began before it', async (t) => {
  const incoming = new Incoming();
  const since = incoming.breaks;
  incoming.arrived(FILE, { start: 0, end: 10 });
  const waiting = incoming.whole({ start: 10, end: 20 });
  incoming.broke(FILE, gone);
  await t.rejects(waiting, gone);
  await t.rejects(incoming.whole({ start: 10, end: 20 }, since), gone);
  await incoming.whole({ start: 0, end: 10 }, since);
  const later = incoming.whole({ start: 10, end: 20 });
  incoming.arrived(FILE, { start: 10, end: 20 });
  await later;
});

t.test('pieces begin and end at multiples of their size', async (t) => {
  t.strictSame(pieceAt(0, 100, 40), { start: 0, end: 40 });
  t.strictSame(pieceAt(50, 100, 40), { start: 50, end: 80 });
  t.strictSame(pieceAt(80, 100, 40), { start: 80, end: 100 });
});

t.test('a stream brings its range, and is closed when what it reads has been read', async (t) => {
  const content = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
  let closed = 0;
  const read = async ({ start, end }: { start: number; end: number }) => content.subarray(start, end);
  const range = { start: 3, end: 31 };
  const stream = pieceStream({ range, pieceBytes: () => 8, ready: undefined, read, closed: () => closed++ });
  let taken = 0;
  stream.on('taken', () => taken++);
  t.equal(Buffer.concat(await stream.toArray()).toString(), content.subarray(3, 31).toString());
  t.ok(taken >= 4, 'each time that it is read on');
  t.equal(closed, 1);

  const reading = Promise.withResolvers<Buffer>();
  const left = pieceStream({
    range,
    pieceBytes: () => 8,
    ready: async () => {},
    read: () => reading.promise,
    closed: () => closed++,
  });
  left.on('error', () => {});
  left.read();
  await new Promise(setImmediate);
  left.destroy();
  await new Promise(setImmediate);
  t.equal(closed, 1, 'not while the file is read');
  reading.resolve(content);
  await new Promise(setImmediate);
  t.equal(closed, 2);
});
