import t from 'tap';
import { type ChunkList, decodeChunkList, encodeChunkList } from '../../../../shared/content/chunk-list.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { MAX_CHUNK } from '../../../../shared/content/fastcdc.ts';

const first = Buffer.alloc(131_072, 'a');
const second = Buffer.from('bbbbb');
const list: ChunkList = {
  object: digestOf(Buffer.concat([first, second])),
  size: 131_077,
  chunks: [
    { digest: digestOf(first), size: 131_072 },
    { digest: digestOf(second), size: 5 },
  ],
};

// Computed with Python's hashlib.
const GOLDEN =
  '534b434c01' +
  'b1f4bb8b2e8a774d57af57b110c5857ca16398c34712c84a4d256aff92f03643' +
  '0000000000020005' +
  '00020000b44ffb72fcc259676bd80495fef1b44b808ca8f1ffe1b1706a4d7911b0e31f11' +
  '000000055e846c64f2db12266e6b658a8e5b5b42cc225419b3ee1fca88acbb181ddfdb52';
const golden = () => Buffer.from(GOLDEN, 'hex');

t.test('encodes to the frozen bytes', async (t) => {
  t.equal(encodeChunkList(list).toString('hex'), GOLDEN);
});

t.test('decodes what it encoded', async (t) => {
  t.same(decodeChunkList(golden()), list);
  const empty: ChunkList = { object: digestOf(''), size: 0, chunks: [] };
  t.same(decodeChunkList(encodeChunkList(empty)), empty);
});

t.test('keeps sizes of more than 32 bits', async (t) => {
  const chunks = Array.from({ length: 4097 }, () => ({ digest: digestOf('x'), size: MAX_CHUNK }));
  const large: ChunkList = { object: digestOf('large'), size: 4097 * MAX_CHUNK, chunks };
  t.equal(decodeChunkList(encodeChunkList(large)).size, 4_296_015_872);
});

t.test('refuses every truncation', async (t) => {
  for (let length = 0; length < golden().length; length++) {
    t.throws(() => decodeChunkList(golden().subarray(0, length)), TypeError, `${length} bytes`);
  }
});

t.test('refuses bytes after the last row', async (t) => {
  t.throws(() => decodeChunkList(Buffer.concat([golden(), Buffer.alloc(1)])), /cut off/);
});

t.test('refuses another magic and another version', async (t) => {
  for (let i = 0; i < 5; i++) {
    const bytes = golden();
    bytes.writeUInt8(bytes.readUInt8(i) ^ 1, i);
    t.throws(() => decodeChunkList(bytes), /not a chunk list of version 1/);
  }
});

t.test('refuses chunks that do not add up', async (t) => {
  const less = golden();
  less.writeBigUInt64BE(131_076n, 37);
  t.throws(() => decodeChunkList(less), /add up to 131077 bytes, not 131076/);
  const oneMissing = golden().subarray(0, 45 + 36);
  t.throws(() => decodeChunkList(oneMissing), /add up to 131072 bytes, not 131077/);
});

t.test('refuses empty chunks and chunks above the largest', async (t) => {
  const empty = golden();
  empty.writeUInt32BE(0, 45 + 36);
  t.throws(() => decodeChunkList(empty), /chunk of 0 bytes/);

  const withChunk = (size: number) =>
    encodeChunkList({ object: digestOf('o'), size, chunks: [{ digest: digestOf('c'), size }] });
  t.equal(decodeChunkList(withChunk(MAX_CHUNK)).chunks.length, 1);
  t.throws(() => decodeChunkList(withChunk(MAX_CHUNK + 1)), /chunk of 1048577 bytes/);
});
