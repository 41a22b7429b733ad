import { PassThrough, Readable } from 'node:stream';
import { constants, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { unpacked } from '../../../../origin/ingest/unpack.ts';
import { collect } from '../../shared/streams.ts';

const bytes = Buffer.alloc(300_000, 'Skerry ');
const packed = zstdCompressSync(bytes);
const body = (...pieces: Buffer[]) => Readable.from(pieces, { objectMode: false });
const read = async (source: Readable, encoding: string | undefined) =>
  Buffer.concat(await collect(unpacked(source, encoding)));

t.test('plain and packed bodies', async (t) => {
  t.ok((await read(body(bytes), undefined)).equals(bytes));
  t.ok((await read(body(bytes), 'identity')).equals(bytes));
  t.ok((await read(body(packed.subarray(0, 9), packed.subarray(9)), 'ZSTD')).equals(bytes));
  t.equal((await read(body(), undefined)).length, 0);
});

t.test('what is no zstd, ends early or wants too much memory', async (t) => {
  await t.rejects(read(body(bytes), 'zstd'), { code: 'bad-request', message: /zstd/ });
  for (const length of [0, 3, 9, packed.length - 1]) {
    await t.rejects(
      read(body(packed.subarray(0, length)), 'zstd'),
      { code: 'truncated-upload' },
      `${length}`,
    );
  }
  const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_enableLongDistanceMatching]: 1 };
  const wide = zstdCompressSync(Buffer.alloc(20_000_000), { params });
  await t.rejects(read(body(wide), 'zstd'), { code: 'bad-request' }, 'a window of 128 MiB');
  await t.rejects(read(body(bytes), 'gzip'), { code: 'bad-request', message: /gzip/ });
});

t.test('a sender that goes away', async (t) => {
  for (const encoding of [undefined, 'zstd']) {
    const source = new PassThrough();
    const reading = read(source, encoding);
    source.write(packed.subarray(0, 20));
    setImmediate(() => source.destroy());
    await t.rejects(reading, { code: 'truncated-upload' }, `${encoding}`);
    await t.rejects(read(source, encoding), { code: 'truncated-upload' }, 'before anybody read');
  }
});

t.test('a reader that gives up leaves the body open and read past', async (t) => {
  for (const encoding of [undefined, 'zstd']) {
    const source = new PassThrough();
    source.write(packed);
    for await (const piece of unpacked(source, encoding)) {
      t.ok(piece.length > 0);
      break;
    }
    t.notOk(source.destroyed);
    for (let i = 0; i < 100; i++) source.write(Buffer.alloc(65_536));
    source.end();
    await new Promise((resolve) => source.once('end', resolve));
  }
});
