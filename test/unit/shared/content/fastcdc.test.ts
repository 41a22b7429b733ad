import { hash } from 'node:crypto';
import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import {
  CHUNKED_ABOVE,
  firstChunk,
  MAX_CHUNK,
  MIN_CHUNK,
  TARGET_CHUNK,
} from '../../../../shared/content/fastcdc.ts';

/** Bytes without pattern that any language can make: SHA-256 of `fastcdc SEED I`, one after another. */
function noise(length: number, seed = 1): Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) {
    pieces.push(hash('sha256', `fastcdc ${seed} ${i}`, 'buffer'));
  }
  return Buffer.concat(pieces).subarray(0, length);
}

/** Lengths of all chunks, with the whole object in view. */
function lengths(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += found.at(-1) ?? 0)
    found.push(firstChunk(bytes, at, bytes.length));
  return found;
}

/** Lengths as a reader finds them that gets pieces of `piece` bytes and cuts when it holds enough. */
function lengthsStreamed(bytes: Buffer, piece: number): number[] {
  const found: number[] = [];
  let held: Buffer = Buffer.alloc(0);
  for (let at = 0; at < bytes.length; at += piece) {
    held = Buffer.concat([held, bytes.subarray(at, at + piece)]);
    const ended = at + piece >= bytes.length;
    while (held.length > 0 && (ended || held.length >= MAX_CHUNK)) {
      const length = firstChunk(held, 0, held.length);
      found.push(length);
      held = held.subarray(length);
    }
  }
  return found;
}

function chunksOf(bytes: Buffer): Buffer[] {
  let at = 0;
  return lengths(bytes).map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}

const digests = (bytes: Buffer): string[] => chunksOf(bytes).map((chunk) => digestOf(chunk));

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

const sample = noise(4 * 1024 * 1024 + 12_345);

t.test('the parameters are the ones of the protocol', async (t) => {
  t.equal(MIN_CHUNK, 131_072);
  t.equal(TARGET_CHUNK, 524_288);
  t.equal(MAX_CHUNK, 1_048_576);
  t.equal(CHUNKED_ABOVE, 1_048_576);
});

t.test('cuts at the frozen places', async (t) => {
  // Computed with a second implementation in Python.
  t.equal(digestOf(sample), '16f11576849cc6ab831fb110c52dd6423a86b6e3b1baa3c10c08a34aa6b5fea3');
  t.same(lengths(sample), [591_626, 542_944, 718_295, 541_449, 143_834, 574_854, 596_398, 497_249]);
});

t.test('below the target 21 bits decide, and from the first byte after the smallest chunk on', async (t) => {
  // Found with the second implementation: with 20 bits the one, with 22 bits the other is cut elsewhere.
  t.equal(firstChunk(noise(MAX_CHUNK, 5), 0, MAX_CHUNK), 310_117);
  t.equal(firstChunk(noise(MAX_CHUNK, 3), 0, MAX_CHUNK), 180_061);

  const early = hash('sha256', 'cut 73714', 'buffer');
  const bytes = Buffer.concat([Buffer.alloc(MIN_CHUNK), early, Buffer.alloc(1000)]);
  t.equal(firstChunk(bytes, 0, bytes.length), MIN_CHUNK + 15);
  bytes.fill(255, 0, MIN_CHUNK);
  t.equal(firstChunk(bytes, 0, bytes.length), MIN_CHUNK + 15, 'whatever comes before');
});

t.test('chunks keep within the bounds and add up to the input', async (t) => {
  for (const bytes of [sample, noise(3_000_000, 2), Buffer.alloc(3_500_000), Buffer.alloc(2_500_000, 'ab')]) {
    const found = lengths(bytes);
    t.equal(sum(found), bytes.length);
    for (const length of found.slice(0, -1)) {
      t.ok(length > MIN_CHUNK && length <= MAX_CHUNK, `${length}`);
    }
    t.ok((found.at(-1) ?? 0) <= MAX_CHUNK);
  }
});

t.test('the chunks put together are the input', async (t) => {
  t.equal(digestOf(Buffer.concat(chunksOf(sample))), digestOf(sample));
});

t.test('an input up to the smallest chunk is one chunk', async (t) => {
  for (const length of [1, MIN_CHUNK - 1, MIN_CHUNK]) t.same(lengths(sample.subarray(0, length)), [length]);
  t.same(lengths(Buffer.alloc(0)), []);
});

t.test('an input in which no cut is found is cut at the largest chunk', async (t) => {
  t.same(lengths(Buffer.alloc(2 * MAX_CHUNK + 5)), [MAX_CHUNK, MAX_CHUNK, 5]);
});

t.test('bytes before the range and after it have no influence', async (t) => {
  const [first = 0, second = 0] = lengths(sample);
  t.equal(firstChunk(sample, first, sample.length), second);
  t.equal(firstChunk(sample.subarray(first), 0, sample.length - first), second);
  t.equal(firstChunk(sample, 0, MAX_CHUNK), first);
  const altered = Buffer.from(sample);
  altered.fill(0, first);
  t.equal(firstChunk(altered, 0, altered.length), first);
});

t.test('the cuts do not depend on how the stream is split', async (t) => {
  const expected = lengths(sample);
  for (const piece of [65_536, 99_991, MAX_CHUNK, MAX_CHUNK + 1, sample.length]) {
    t.same(lengthsStreamed(sample, piece), expected, `pieces of ${piece} bytes`);
  }
});

const edits: [string, (bytes: Buffer) => Buffer][] = [
  [
    'a changed byte',
    (bytes) =>
      Buffer.concat([
        bytes.subarray(0, 2_000_000),
        Buffer.from([(bytes[2_000_000] ?? 0) ^ 1]),
        bytes.subarray(2_000_001),
      ]),
  ],
  [
    'an inserted byte',
    (bytes) => Buffer.concat([bytes.subarray(0, 2_000_000), Buffer.from('!'), bytes.subarray(2_000_000)]),
  ],
  ['100 removed bytes', (bytes) => Buffer.concat([bytes.subarray(0, 2_000_000), bytes.subarray(2_000_100)])],
  ['a byte put before all', (bytes) => Buffer.concat([Buffer.from('!'), bytes])],
  ['a byte put after all', (bytes) => Buffer.concat([bytes, Buffer.from('!')])],
];

for (const [name, edit] of edits) {
  t.test(`${name} leaves nearly all chunks as they are`, async (t) => {
    const before = new Set(digests(sample));
    const after = digests(edit(sample));
    const fresh = after.filter((digest) => !before.has(digest)).length;
    t.ok(fresh >= 1, 'the edit shows');
    t.ok(fresh <= 3, `${fresh} of ${after.length} chunks are new`);
  });
}
