import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import type { EncodingKey } from '../../../../shared/delta/encoding-key.ts';
import { type Asked, type Encoded, Encodings, type Plain } from '../../../../shared/delta/encodings.ts';
import { SkerryError } from '../../../../shared/errors.ts';

const MIB = 1024 * 1024;
const content = Buffer.from('<p>Hello</p>\n'.repeat(1000));
const plain: Plain = { content, objects: [], dictionary: null };
const asked = (key: string, member = 'edge'): Asked => ({ member, key: key as EncodingKey });

function start(t: Test, { threads = 1, bytes = 4 * MIB } = {}): Encodings {
  const encodings = Encodings.start({ threads, bytes });
  t.teardown(() => encodings.close());
  return encodings;
}

/** A `load` that counts its calls and answers when the test says so. */
function held(result: Plain = plain) {
  const { promise, resolve, reject } = Promise.withResolvers<Plain>();
  const source = { calls: 0, load: () => promise, end: () => resolve(result), fail: reject };
  source.load = () => {
    source.calls++;
    return promise;
  };
  return source;
}

t.test('encodes against the dictionary, without one, or leaves it', async (t) => {
  const encodings = start(t);
  const noise = randomBytes(5000);
  const cases: [string, Plain][] = [
    [
      'dcz',
      {
        content: Buffer.concat([noise, content]),
        dictionary: { bytes: noise, digest: digestOf(noise) },
        objects: [],
      },
    ],
    ['zstd', plain],
    ['identity', { content: noise, dictionary: null, objects: [] }],
  ];
  for (const [coding, { content, dictionary }] of cases) {
    const encoded = await encodings.encode(asked(coding), async () => ({ content, dictionary, objects: [] }));
    t.equal(encoded.coding, coding);
    t.ok(Buffer.isBuffer(encoded.bytes));
    if (coding === 'identity') t.ok(encoded.bytes.equals(content));
    else t.ok(encoded.bytes.length < 200);
  }
});

t.test('what many ask for at once is loaded and encoded once', async (t) => {
  const encodings = start(t);
  const source = held();
  const answers = Array.from({ length: 200 }, () => encodings.encode(asked('k'), source.load));
  source.end();
  t.equal(new Set((await Promise.all(answers)).map(({ bytes }) => bytes)).size, 1);
  t.equal(source.calls, 1);
  await encodings.encode(asked('k'), source.load);
  t.equal(source.calls, 1, 'and is kept');
  await encodings.encode(asked('other'), source.load);
  t.equal(source.calls, 2);
});

t.test('a failure reaches all who wait, and the next call tries again', async (t) => {
  const encodings = start(t);
  const source = held();
  const answers = [1, 2, 3].map(() => encodings.encode(asked('k'), source.load));
  source.fail(new SkerryError('no-such-object', 'it is gone'));
  for (const answer of await Promise.allSettled(answers)) {
    t.match(answer, { status: 'rejected', reason: { code: 'no-such-object' } });
  }
  t.equal(source.calls, 1);
  t.equal((await encodings.encode(asked('k'), async () => plain)).coding, 'zstd');
});

t.test('an exception of the encoder frees its place', async (t) => {
  const encodings = start(t);
  const broken = async () => ({ content: 7 as unknown as Buffer, objects: [], dictionary: null });
  await t.rejects(encodings.encode(asked('k'), broken), SkerryError);
  t.equal((await encodings.encode(asked('k'), async () => plain)).coding, 'zstd');
});

t.test('loads no more at a time than there are threads, in the order of the calls', async (t) => {
  const encodings = start(t, { threads: 2 });
  const sources = Array.from({ length: 4 }, () => held());
  const answers = sources.map(({ load }, i) => encodings.encode(asked(`${i}`), load));
  const calls = () => sources.map(({ calls }) => calls);
  await new Promise(setImmediate);
  t.same(calls(), [1, 1, 0, 0]);
  sources[1]?.end();
  await answers[1];
  await new Promise(setImmediate);
  t.same(calls(), [1, 1, 1, 0]);
  for (const { end } of sources) end();
  await Promise.all(answers);
  t.same(calls(), [1, 1, 1, 1]);
});

t.test('refuses a key too many, but not one more for a key that waits', async (t) => {
  const encodings = start(t);
  const source = held();
  const first = encodings.encode(asked('first'), source.load);
  const waiting = Array.from({ length: 64 }, (_, i) => encodings.encode(asked(`${i}`), source.load));
  await t.rejects(encodings.encode(asked('one more'), source.load), { code: 'too-many-requests' });
  const again = encodings.encode(asked('63'), source.load);
  source.end();
  await Promise.all([first, ...waiting, again]);
  t.equal(source.calls, 65);
  await encodings.encode(asked('one more'), source.load);
  t.equal(source.calls, 66, 'later there is room');
});

t.test('keeps what was encoded elsewhere, in memory of its own', async (t) => {
  const encodings = start(t);
  const body = randomBytes(100_000);
  const received: Encoded = { coding: 'dcz', bytes: body.subarray(10, 1000) };
  encodings.keep('k' as EncodingKey, received);
  const source = held();
  const kept = await encodings.encode(asked('k'), source.load);
  t.equal(source.calls, 0);
  t.equal(kept.coding, 'dcz');
  t.ok(kept.bytes.equals(received.bytes));
  t.equal(kept.bytes.buffer.byteLength, 990);
});

t.test('stays within its bytes and does not keep what would push out most', async (t) => {
  const encodings = start(t, { bytes: MIB });
  const keep = (key: string, size: number) =>
    encodings.keep(key as EncodingKey, { coding: 'identity', bytes: Buffer.alloc(size) });
  const isKept = async (key: string) => {
    const source = held();
    source.end();
    await encodings.encode(asked(key), source.load);
    return source.calls === 0;
  };
  keep('large', MIB / 4 + 1);
  t.equal(await isKept('large'), false);
  for (let i = 0; i < 10; i++) keep(`${i}`, MIB / 5);
  t.same([await isKept('9'), await isKept('8'), await isKept('0')], [true, true, false]);

  const source = held({ content: randomBytes(MIB / 2), objects: [], dictionary: null });
  source.end();
  const answers = [
    encodings.encode(asked('huge'), source.load),
    encodings.encode(asked('huge'), source.load),
  ];
  for (const { bytes } of await Promise.all(answers)) t.equal(bytes.length, MIB / 2, 'given all the same');
  t.equal(source.calls, 1);
  await encodings.encode(asked('huge'), source.load);
  t.equal(source.calls, 2, 'but not kept');
});

t.test('an end refuses those that wait and those that come', async (t) => {
  const encodings = start(t);
  const source = held();
  const running = encodings.encode(asked('running'), source.load);
  const waiting = encodings.encode(asked('waiting'), source.load);
  const refused = Promise.all([running, waiting].map((answer) => t.rejects(answer, { code: 'unavailable' })));
  await encodings.close();
  source.end();
  await refused;
  await t.rejects(encodings.encode(asked('late'), source.load), { code: 'unavailable' });
  t.equal(source.calls, 1);
});

t.test('members take turns, however much one of them waits for', async (t) => {
  const encodings = start(t);
  const first = held();
  const running = encodings.encode(asked('first', 'many'), first.load);
  const order: string[] = [];
  const load = (name: string) => async () => {
    order.push(name);
    return plain;
  };
  const many = Array.from({ length: 60 }, (_, i) => encodings.encode(asked(`${i}`, 'many'), load(`${i}`)));
  const one = [
    encodings.encode(asked('own', 'one'), load('own')),
    // What the other wants last of all too.
    encodings.encode(asked('59', 'one'), load('59')),
  ];
  first.end();
  await Promise.all([running, ...many, ...one]);
  t.ok(order.indexOf('own') <= 1, 'after one of the other at most', { order });
  t.ok(order.indexOf('59') <= 3);
  t.equal(order.length, 61, 'each is encoded once');
});

t.test('what a disk has damaged is not encoded, and what is without it is not kept', async (t) => {
  const encodings = start(t);
  const digest = digestOf('as it was');
  const reads: number[] = [];
  const load = async (damaged: ReadonlySet<string>): Promise<Plain> => {
    reads.push(damaged.size);
    if (damaged.has(digest)) return { ...plain, objects: [] };
    const bytes = Buffer.from('as it is!');
    return { content: bytes, objects: [{ digest, at: 0, size: bytes.length }], dictionary: null };
  };
  t.equal((await encodings.encode(asked('k'), load)).coding, 'zstd');
  await encodings.encode(asked('k'), load);
  t.strictSame(reads, [0, 1, 0, 1]);
});

t.test('a dictionary that is not what its digest names is none', async (t) => {
  const encodings = start(t);
  const bytes = randomBytes(5000);
  const load = async (): Promise<Plain> => ({
    content: Buffer.concat([bytes, content]),
    objects: [],
    dictionary: { bytes, digest: digestOf('another') },
  });
  t.not((await encodings.encode(asked('k'), load)).coding, 'dcz');
});

t.test('what may come later is not kept, and what was found wrong is made anew', async (t) => {
  const encodings = start(t);
  const passing = held({ ...plain, isPassing: true });
  passing.end();
  await encodings.encode(asked('passing'), passing.load);
  await encodings.encode(asked('passing'), passing.load);
  t.equal(passing.calls, 2);

  const source = held();
  source.end();
  encodings.keep('wrong' as EncodingKey, { coding: 'zstd', bytes: Buffer.from('wrong') });
  await encodings.encode(asked('wrong'), source.load);
  t.equal(source.calls, 0);
  await encodings.encode({ ...asked('wrong'), isAnew: true }, source.load);
  await encodings.encode(asked('wrong'), source.load);
  t.equal(source.calls, 1);
});
