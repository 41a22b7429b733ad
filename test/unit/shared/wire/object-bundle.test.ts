import t from 'tap';
import { SMALL_OBJECT } from '../../../../shared/content/small-object.ts';
import {
  bundlePieces,
  MAX_UPLOAD_BYTES,
  MAX_UPLOAD_OBJECTS,
  objectsOfBundle,
} from '../../../../shared/wire/object-bundle.ts';
import { collect, slices, streamOf } from '../streams.ts';

const hello = Buffer.from('<h1>Hello</h1>\n');
const nothing = Buffer.alloc(0);
const most = Buffer.alloc(SMALL_OBJECT, 1);
const GOLDEN = '0000000f3c68313e48656c6c6f3c2f68313e0a00000000';

const encode = async (objects: readonly Buffer[]) =>
  Buffer.concat(await collect(bundlePieces(streamOf(objects))));
const decode = async (bytes: Uint8Array, piece = 65_536) =>
  (await collect(objectsOfBundle(streamOf(slices(bytes, piece))))).flat();

t.test('encodes to the frozen bytes, which are those of the feed', async (t) => {
  t.equal((await encode([hello, nothing])).toString('hex'), GOLDEN);
  t.equal((await encode([])).length, 0);
});

t.test('small objects share a piece', async (t) => {
  const pieces = await collect(bundlePieces(streamOf(Array.from({ length: 10_000 }, () => hello))));
  t.ok(pieces.length < 5, `${pieces.length} pieces`);
});

t.test('gives back the objects, however the body was split', async (t) => {
  const objects = [hello, nothing, most, hello];
  const bytes = await encode(objects);
  for (const piece of [1, 3, 4, 5, 19, 1000, 65_535, 65_536, bytes.length]) {
    const found = await decode(bytes, piece);
    t.equal(found.length, objects.length, `pieces of ${piece}`);
    t.ok(
      objects.every((object, i) => found[i]?.equals(object)),
      `pieces of ${piece}`,
    );
  }
  t.strictSame(await decode(nothing), [], 'an empty body has no objects');
});

t.test('refuses every cut within an object', async (t) => {
  const golden = Buffer.from(GOLDEN, 'hex');
  for (let length = 1; length < golden.length; length++) {
    if (length === 4 + hello.length) continue;
    await t.rejects(decode(golden.subarray(0, length)), { code: 'truncated-upload' }, `${length}`);
  }
});

t.test('refuses an object that is not small by its size alone', async (t) => {
  for (const size of ['00010001', '7fffffff', 'ffffffff']) {
    await t.rejects(decode(Buffer.from(size, 'hex')), { code: 'bad-request', message: /65536/ }, size);
  }
});

t.test('stops at the limits', async (t) => {
  const empty = Buffer.alloc(4 * 1000);
  const empties = (count: number) => streamOf(Array.from({ length: count / 1000 }, () => empty));
  t.equal((await collect(objectsOfBundle(empties(MAX_UPLOAD_OBJECTS)))).flat().length, MAX_UPLOAD_OBJECTS);
  await t.rejects(collect(objectsOfBundle(empties(MAX_UPLOAD_OBJECTS + 1000))), {
    code: 'too-large',
    message: /100000/,
  });

  const piece = await encode([most]);
  let read = 0;
  async function* endless() {
    while (true) {
      read += piece.length;
      yield piece;
    }
  }
  const reading = (async () => {
    for await (const objects of objectsOfBundle(endless())) if (objects.length > 2) t.fail('too many');
  })();
  await t.rejects(reading, { code: 'too-large', message: /268435456/ });
  t.ok(read <= MAX_UPLOAD_BYTES + piece.length, 'it has not read on');
});
