import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { receive } from '../../origin/ingest/receive.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { CHUNKED_ABOVE, MAX_CHUNK, MIN_CHUNK } from '../../shared/content/fastcdc.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';

/** A place for a store, which outlives the stores that are opened there. */
export interface StorePlace {
  /** Opens it; again after the one before was closed. */
  open(): Promise<ObjectStore>;
  /** Names of what is left beside the objects themselves: drafts and temporary files. */
  leftovers(): Promise<readonly string[]>;
}

/** Bytes that neither repeat nor compress, the same for the same seed. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

async function bytesOf(stream: Readable | undefined): Promise<Buffer | undefined> {
  if (stream === undefined) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const read = async (store: ObjectStore, digest: Digest, range?: ByteSpan) =>
  bytesOf(await store.open(digest, range));

async function putLarge(store: ObjectStore, name: string, bytes: Buffer): Promise<Digest> {
  const draft = await store.draft(name);
  await draft.append(bytes);
  const { digest } = await draft.hash();
  await draft.keep(digest);
  return digest;
}

const small = (bytes: Buffer) => ({ digest: digestOf(bytes), bytes });
const ABSENT = digestOf('never stored');

/** What every object store must do. `place` gives an empty one for each test. */
export function objectStoreContract(name: string, place: (t: Test) => Promise<StorePlace>): void {
  const suite = (title: string, run: (t: Test, store: ObjectStore, at: StorePlace) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => {
      const at = await place(t);
      const store = await at.open();
      try {
        await run(t, store, at);
      } finally {
        await store.close();
      }
    });

  suite('an empty store', async (t, store) => {
    t.strictSame(await store.missing([]), []);
    t.strictSame(await store.missing([ABSENT]), [ABSENT]);
    t.equal(await store.open(ABSENT), undefined);
    t.equal(await store.open(ABSENT, { start: 0, end: 2 }), undefined);
    t.strictSame(await store.readSmall([ABSENT]), new Map());
    t.strictSame(await store.readSmall([]), new Map());
    await store.putSmall([]);
  });

  suite('small objects, the empty one among them', async (t, store) => {
    const objects = [0, 1, 1000, SMALL_OBJECT - 1, SMALL_OBJECT].map((size, i) => small(noise(size, i)));
    await store.putSmall(objects);
    for (const { digest, bytes } of objects) {
      t.strictSame(await store.missing([digest]), [], `${bytes.length} bytes are stored`);
      t.strictSame(await read(store, digest), bytes, 'and come back as a stream');
    }
    const found = await store.readSmall([...objects.map(({ digest }) => digest), ABSENT]);
    t.equal(found.size, objects.length, 'absent ones are left out');
    for (const { digest, bytes } of objects) {
      t.ok(found.get(digest)?.equals(bytes), `${bytes.length} bytes come back in a batch`);
      t.ok(Buffer.isBuffer(found.get(digest)));
    }
  });

  suite('what is missing is told in the order of the question', async (t, store) => {
    const here = small(noise(10));
    await store.putSmall([here]);
    const large = await putLarge(store, 'large', noise(SMALL_OBJECT + 1));
    const other = digestOf('also absent');
    t.strictSame(await store.missing([other, here.digest, ABSENT, large]), [other, ABSENT]);
  });

  suite('storing again changes nothing', async (t, store) => {
    const object = small(noise(100));
    await store.putSmall([object, object]);
    await store.putSmall([object]);
    t.strictSame(await read(store, object.digest), object.bytes);
    const bytes = noise(SMALL_OBJECT + 1);
    const digest = await putLarge(store, 'one', bytes);
    t.equal(await putLarge(store, 'two', bytes), digest);
    t.ok((await read(store, digest))?.equals(bytes));
  });

  suite('ranges', async (t, store) => {
    const bytes = noise(SMALL_OBJECT + 10_000);
    const little = small(bytes.subarray(0, 1000));
    await store.putSmall([little]);
    const cases: [Digest, Buffer][] = [
      [little.digest, little.bytes],
      [await putLarge(store, 'large', bytes), bytes],
    ];
    for (const [digest, whole] of cases) {
      const { length } = whole;
      const ranges: [number, number][] = [
        [0, 1],
        [0, length],
        [length - 1, length],
        [1, 11],
        [500, 1000],
      ];
      for (const [start, end] of ranges) {
        const part = await read(store, digest, { start, end });
        t.ok(part?.equals(whole.subarray(start, end)), `${start}-${end} of ${whole.length}`);
      }
    }
  });

  suite('objects around the thresholds, and their chunks', async (t, store) => {
    for (const size of [SMALL_OBJECT + 1, CHUNKED_ABOVE - 1, CHUNKED_ABOVE, CHUNKED_ABOVE + 1, 5_000_000]) {
      const bytes = noise(size, size);
      const draft = await store.draft(`upload-${size}`);
      for (let at = 0; at < size; at += 300_000) await draft.append(bytes.subarray(at, at + 300_000));
      t.equal(draft.size, size);
      const hashed = await draft.hash();
      t.equal(hashed.digest, digestOf(bytes));
      t.equal(hashed.size, size);
      t.equal(hashed.chunks.length > 0, size > CHUNKED_ABOVE, `${size} bytes: chunks or none`);
      let at = 0;
      for (const [i, chunk] of hashed.chunks.entries()) {
        if (digestOf(bytes.subarray(at, at + chunk.size)) !== chunk.digest) t.fail(`chunk ${i} is wrong`);
        if (chunk.size > MAX_CHUNK) t.fail(`chunk ${i} is too large`);
        const isLast = i === hashed.chunks.length - 1;
        if (!isLast && chunk.size < MIN_CHUNK) t.fail(`chunk ${i} is too small`);
        at += chunk.size;
      }
      if (hashed.chunks.length > 0) t.equal(at, size, 'the chunks are the whole');
      t.strictSame(await store.missing([hashed.digest]), [hashed.digest], 'a draft is no object yet');
      await draft.keep(hashed.digest);
      t.strictSame(await store.missing([hashed.digest]), []);
      t.ok((await read(store, hashed.digest))?.equals(bytes));
      t.strictSame(await store.readSmall([hashed.digest]), new Map(), 'it is none of the small ones');
    }
  });

  suite('the cuts do not depend on how the bytes came', async (t, store) => {
    const bytes = noise(3_000_000, 7);
    const chunks = [];
    for (const step of [3_000_000, 65_537]) {
      const draft = await store.draft(`step-${step}`);
      for (let at = 0; at < bytes.length; at += step) await draft.append(bytes.subarray(at, at + step));
      chunks.push((await draft.hash()).chunks);
      await draft.discard();
    }
    t.ok((chunks[0]?.length ?? 0) > 1);
    t.strictSame(chunks[0], chunks[1]);
  });

  suite('a change at the front leaves the chunks at the end', async (t, store) => {
    const bytes = noise(4_000_000, 9);
    const chunksOf = async (name: string, content: Buffer) => {
      const draft = await store.draft(name);
      await draft.append(content);
      const { chunks } = await draft.hash();
      await draft.discard();
      return chunks.map(({ digest }) => digest);
    };
    const before = await chunksOf('before', bytes);
    const after = await chunksOf('after', Buffer.concat([Buffer.from('inserted'), bytes]));
    t.not(before[0], after[0]);
    t.equal(before.at(-1), after.at(-1));
  });

  suite('a draft can be read, cut back and gone on with', async (t, store) => {
    const bytes = noise(100_000);
    const draft = await store.draft('resumed');
    t.equal(draft.size, 0);
    await draft.append(bytes.subarray(0, 60_000));
    await draft.append(Buffer.from('not this'));
    t.ok((await bytesOf(draft.read({ start: 0, end: 10 })))?.equals(bytes.subarray(0, 10)));
    await draft.truncate(60_000);
    t.equal(draft.size, 60_000);
    await draft.append(bytes.subarray(60_000));
    const { digest, size } = await draft.hash();
    t.equal(size, bytes.length);
    t.equal(digest, digestOf(bytes));
    await draft.keep(digest);
    t.ok((await read(store, digest))?.equals(bytes));
  });

  suite('a draft that is thrown away leaves nothing', async (t, store, at) => {
    const bytes = noise(SMALL_OBJECT + 1);
    const draft = await store.draft('thrown-away');
    await draft.append(bytes);
    await draft.discard();
    t.strictSame(await at.leftovers(), []);
    t.strictSame(await store.missing([digestOf(bytes)]), [digestOf(bytes)]);
    const again = await store.draft('thrown-away');
    t.equal(again.size, 0, 'its name begins anew');
    await again.discard();
  });

  suite('a draft that was kept leaves nothing but the object', async (t, store, at) => {
    await putLarge(store, 'kept', noise(SMALL_OBJECT + 1));
    t.strictSame(await at.leftovers(), []);
  });

  suite('drafts of different names do not meet', async (t, store) => {
    const one = await store.draft('one');
    const two = await store.draft('two');
    await Promise.all([one.append(noise(70_000, 1)), two.append(noise(70_000, 2))]);
    const [first, second] = await Promise.all([one.hash(), two.hash()]);
    t.equal(first.digest, digestOf(noise(70_000, 1)));
    t.equal(second.digest, digestOf(noise(70_000, 2)));
    await Promise.all([one.discard(), two.discard()]);
  });

  suite('the same object from many at once', async (t, store, at) => {
    const little = small(noise(500));
    await Promise.all(Array.from({ length: 20 }, () => store.putSmall([little])));
    t.ok((await read(store, little.digest))?.equals(little.bytes));
    const bytes = noise(SMALL_OBJECT + 500);
    const digests = await Promise.all(
      Array.from({ length: 10 }, (_, i) => putLarge(store, `same-${i}`, bytes)),
    );
    t.equal(new Set(digests).size, 1);
    t.ok((await read(store, digestOf(bytes)))?.equals(bytes));
    t.strictSame(await at.leftovers(), []);
  });

  suite('a reader goes on while the same object is stored again', async (t, store) => {
    const bytes = noise(2_000_000);
    const digest = await putLarge(store, 'first', bytes);
    const stream = await store.open(digest);
    await putLarge(store, 'second', bytes);
    t.ok((await bytesOf(stream))?.equals(bytes));
  });

  suite('many in one batch', async (t, store) => {
    const objects = Array.from({ length: 500 }, (_, i) => small(Buffer.from(`object ${i}`)));
    await store.putSmall(objects);
    t.strictSame(await store.missing(objects.map(({ digest }) => digest)), []);
    t.equal((await store.readSmall(objects.map(({ digest }) => digest))).size, 500);
  });

  suite('a truncated stream leaves nothing', async (t, store, at) => {
    for (const size of [10, SMALL_OBJECT, SMALL_OBJECT + 1, 3_000_000]) {
      const body = Readable.from(
        (function* () {
          yield noise(size);
          throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
        })(),
      );
      await t.rejects(receive(body, store), { code: 'truncated-upload' }, `after ${size} bytes`);
      t.strictSame(await at.leftovers(), []);
      t.strictSame(await store.missing([digestOf(noise(size))]), [digestOf(noise(size))]);
    }
  });

  suite('what is removed is gone, and can be stored again', async (t, store, at) => {
    const objects = Array.from({ length: 50 }, (_, i) => small(noise(3000, i)));
    const stays = small(noise(10, 99));
    await store.putSmall([...objects, stays]);
    const bytes = noise(SMALL_OBJECT + 1);
    const large = await putLarge(store, 'large', bytes);
    const largeStays = await putLarge(store, 'stays', noise(SMALL_OBJECT + 2));
    const digests = [...objects.map(({ digest }) => digest), large];
    await store.remove([]);
    await store.remove([ABSENT, ...digests, digests[0] ?? ABSENT]);
    t.strictSame(await store.missing([...digests, stays.digest, largeStays]), digests);
    t.equal(await store.size(large), undefined);
    t.equal(await store.open(large), undefined);
    t.equal((await store.readSmall(digests)).size, 0);
    t.strictSame(await read(store, stays.digest), stays.bytes, 'others stay');
    t.ok((await read(store, largeStays))?.equals(noise(SMALL_OBJECT + 2)));
    await store.remove(digests);
    await store.putSmall(objects);
    await putLarge(store, 'again', bytes);
    t.strictSame(await store.missing(digests), []);
    t.ok((await read(store, large))?.equals(bytes));
    t.strictSame(await at.leftovers(), []);
  });

  t.test(`${name}: everything is there after it was opened again`, async (t) => {
    const at = await place(t);
    const little = small(noise(100));
    const empty = small(Buffer.alloc(0));
    const bytes = noise(1_500_000);
    const first = await at.open();
    await first.putSmall([little, empty]);
    const large = await putLarge(first, 'large', bytes);
    const draft = await first.draft('outlives');
    await draft.append(noise(70_000));
    await draft.suspend();
    await first.close();

    const second = await at.open();
    try {
      t.strictSame(await second.missing([little.digest, large, empty.digest, ABSENT]), [ABSENT]);
      t.strictSame(await read(second, little.digest), little.bytes);
      t.strictSame(await read(second, empty.digest), empty.bytes);
      t.ok((await read(second, large))?.equals(bytes));
      const resumed = await second.draft('outlives');
      t.equal(resumed.size, 70_000, 'a suspended draft has its bytes');
      await resumed.append(Buffer.from('more'));
      t.equal(
        (await resumed.hash()).digest,
        digestOf(Buffer.concat([noise(70_000), Buffer.from('more')])),
        'and goes on at their end',
      );
      await resumed.discard();
      t.strictSame(await at.leftovers(), []);
    } finally {
      await second.close();
    }
  });
}
