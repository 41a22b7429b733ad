import { Readable } from 'node:stream';
import t from 'tap';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { BUNDLE_OBJECT, decodeBundle, encodeBundleItem } from '../../../../shared/wire/bundle.ts';
import { collect, slices, streamOf } from '../streams.ts';

const hello = Buffer.from('<h1>Hello</h1>\n');
const nothing = Buffer.alloc(0);
const absent = digestOf('absent');
const wanted = [digestOf(hello), absent, digestOf(nothing)];
const GOLDEN = '0000000f3c68313e48656c6c6f3c2f68313e0affffffff00000000';
const golden = Buffer.from(GOLDEN, 'hex');

const decode = (bytes: Uint8Array, digests: readonly Digest[], piece = 65_536) =>
  collect(decodeBundle(streamOf(slices(bytes, piece)), digests));

t.test('encodes to the frozen bytes', async (t) => {
  const items = [encodeBundleItem(hello), encodeBundleItem(undefined), encodeBundleItem(nothing)];
  t.equal(Buffer.concat(items).toString('hex'), GOLDEN);
});

t.test('decodes what arrived, in the order asked for, however it was split', async (t) => {
  for (let piece = 1; piece <= golden.length; piece++) {
    const items = await decode(golden, wanted, piece);
    t.same(
      items.map(({ digest, bytes }) => [digest, bytes.toString()]),
      [
        [digestOf(hello), hello.toString()],
        [digestOf(nothing), ''],
      ],
    );
  }
});

t.test('a bundle of nothing but absences is empty', async (t) => {
  t.same(await decode(Buffer.from('ffffffffffffffff', 'hex'), [absent, absent]), []);
});

t.test('refuses every cut', async (t) => {
  for (let length = 0; length < golden.length; length++) {
    await t.rejects(decode(golden.subarray(0, length), wanted), { code: 'upstream-protocol' }, `${length}`);
  }
});

t.test('whoever breaks off ends the source', async (t) => {
  const tooLarge = Buffer.alloc(4);
  tooLarge.writeUInt32BE(BUNDLE_OBJECT + 1);
  const read = async (bytes: Buffer, most: number) => {
    const source = Readable.from(slices(bytes, 3));
    try {
      for await (const _ of decodeBundle(source, wanted)) if (--most === 0) break;
    } catch {}
    return source.destroyed;
  };
  t.ok(await read(Buffer.concat([tooLarge, golden]), 9), 'a size that is refused');
  t.ok(await read(Buffer.concat([golden, golden]), 9), 'a body that goes on');
  t.ok(await read(golden, 1), 'a reader that leaves');
});

t.test('passes over what is not what was asked for', async (t) => {
  const other = Buffer.from('other');
  const bytes = Buffer.concat([encodeBundleItem(hello), encodeBundleItem(other)]);
  for (let at = 4 + hello.length + 4; at < bytes.length; at++) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    const items = await decode(altered, [digestOf(hello), digestOf(other)]);
    t.same(
      items.map(({ digest }) => digest),
      [digestOf(hello)],
    );
  }
  t.same(await decode(golden, [wanted[2], wanted[1], wanted[0]] as Digest[]), [], 'another order');
});

t.test('takes objects up to the largest of a bundle and stops at a larger size', async (t) => {
  const most = Buffer.alloc(BUNDLE_OBJECT, 1);
  const [item] = await decode(encodeBundleItem(most), [digestOf(most)]);
  t.equal(item?.bytes.length, 1_048_576);

  const more = Buffer.alloc(BUNDLE_OBJECT + 1, 1);
  await t.rejects(decode(encodeBundleItem(more), [digestOf(more)]), { code: 'upstream-protocol' });
  const claim = Buffer.from('fffffffe', 'hex');
  await t.rejects(decode(claim, [absent]), { code: 'upstream-protocol', message: /4294967294/ });
});

t.test('nothing may follow the last object', async (t) => {
  for (const piece of [1, 5, 1000]) {
    const reading = decode(Buffer.concat([golden, Buffer.alloc(1)]), wanted, piece);
    await t.rejects(reading, { code: 'upstream-protocol' });
  }
});

t.test('passes on a failure of its source', async (t) => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield golden.subarray(0, 10);
    throw new Error('gone');
  }
  await t.rejects(collect(decodeBundle(failing(), wanted)), { message: 'gone' });
});
