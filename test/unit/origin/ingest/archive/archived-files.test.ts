import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { archivedFiles } from '../../../../../origin/ingest/archive/archived-files.ts';
import { gzipped, type PackedTree, tarOf, zipOf, zstandard } from '../../../../helpers/archives.ts';

const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
t.teardown(() => rm(folder, { recursive: true }));

async function* inPieces(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function filesOf(body: AsyncIterable<Uint8Array>): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { name, size, content } of archivedFiles(body, folder)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    if (bytes.length !== size) throw new Error(`${name} has ${bytes.length} bytes, not ${size}`);
    files.set(name, bytes);
  }
  return files;
}

const tree: PackedTree = {
  'index.html': '<h1>home</h1>',
  empty: '',
  'zeros.bin': Buffer.alloc(200_000),
  'a/ö #1?.txt': 'a',
  [`${'long/'.repeat(60)}name.txt`]: 'far below',
  'large.bin': Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)),
};
const zipped = (stored: boolean) =>
  zipOf(Object.entries(tree).map(([name, content]) => ({ name, content, stored })));
const asMap = (files: PackedTree) =>
  new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));

t.test('each kind, however it is cut into pieces', async (t) => {
  const tar = await tarOf(tree);
  const kinds = {
    tar,
    'tar.gz': gzipped(tar),
    'tar.zst': zstandard(tar),
    'tar.gz of two members': Buffer.concat([gzipped(tar.subarray(0, 5000)), gzipped(tar.subarray(5000))]),
    'tar.zst of two frames': Buffer.concat([zstandard(tar.subarray(0, 5000)), zstandard(tar.subarray(5000))]),
    zip: zipped(false),
    'zip without compression': zipped(true),
  };
  for (const [kind, bytes] of Object.entries(kinds)) {
    for (const size of [bytes.length, 1000, 511])
      t.strictSame(await filesOf(inPieces(bytes, size)), asMap(tree), `${kind} in pieces of ${size}`);
  }
  t.strictSame(await readdir(folder), [], 'nothing stays on the disk');
});

t.test('folders are no files', async (t) => {
  const tar = await tarOf({ 'a/b': 'b' }, [
    { name: 'a/', type: 'directory' },
    { name: 'a/c', type: 'directory' },
  ]);
  t.strictSame(await filesOf(inPieces(tar)), asMap({ 'a/b': 'b' }));
  const zip = zipOf([
    { name: 'a/', mode: 0o040755 },
    { name: 'a/b', content: 'b' },
  ]);
  t.strictSame(await filesOf(inPieces(zip)), asMap({ 'a/b': 'b' }));
});

t.test('names in a zip', async (t) => {
  const names = async (...entries: Parameters<typeof zipOf>[0]) => [
    ...(await filesOf(inPieces(zipOf(entries)))).keys(),
  ];
  t.strictSame(await names({ name: 'ö' }, { name: 'ü', flags: 0 }), ['ö', 'ü'], 'UTF-8, marked or not');
  t.strictSame(await names({ name: 'a\\b', flags: 0 }), ['a/b'], 'from Windows');
});

t.test('what is no plain file', async (t) => {
  const types = ['link', 'symlink', 'fifo', 'character-device', 'block-device'] as const;
  for (const type of types) {
    const tar = await tarOf({ a: 'a' }, [{ name: 'b', type, linkname: '/etc/passwd' }]);
    await t.rejects(filesOf(inPieces(tar)), { code: 'bad-archive', message: /^"b" is a / }, type);
  }
  const table: [string, object, RegExp][] = [
    ['a link', { mode: 0o120777 }, /symbolic link/],
    ['a device', { mode: 0o020644 }, /no plain file/],
    ['encryption', { flags: 1 }, /encrypted/],
    ['another method', { method: 12 }, /method 12/],
  ];
  for (const [what, entry, message] of table)
    await t.rejects(
      filesOf(inPieces(zipOf([{ name: 'a' }, { name: 'b', content: 'x', ...entry }]))),
      { code: 'bad-archive', message },
      `${what} in a zip`,
    );
});

t.test('a damaged archive', async (t) => {
  const tar = await tarOf(tree);
  const zip = zipped(false);
  const cut = (bytes: Buffer, to: number) => bytes.subarray(0, to);
  const inZeros = await tarOf({ 'zeros.bin': Buffer.alloc(20_000) });
  const folderLast = await tarOf({ 'zeros.bin': Buffer.alloc(2048) }, [{ name: 'a', type: 'directory' }]);
  const half = (bytes: Buffer) => cut(bytes, bytes.length / 2);
  const changed = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 0x55;
    return copy;
  };
  const table: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html></html>')],
    ['a gzip of a page', gzipped(Buffer.from('<html></html>'.repeat(100)))],
    ['a tar that is cut in a file', cut(tar, 3000)],
    ['a tar that is cut in a head', cut(tar, 700)],
    ['a tar that is cut between two files', cut(tar, 1024)],
    ['a tar without its end', cut(tar, tar.length - 1024)],
    ['a tar with half of its end', cut(tar, tar.length - 512)],
    ['a tar that is cut after a file that ends in zeros', cut(inZeros, inZeros.length - 1024)],
    ['a tar that is cut within the zeros of a file', cut(inZeros, 512 + 8192)],
    ['a tar that is cut after a folder', cut(folderLast, folderLast.length - 1024)],
    ['a gzip that is cut', half(gzipped(tar))],
    ['a zstd that is cut', half(zstandard(tar))],
    ['a gzip with a wrong byte', changed(gzipped(tar), 500)],
    ['a tar with a wrong checksum', changed(tar, 1024)],
    ['a zip that is cut', cut(zip, zip.length - 40)],
    ['the first half of a zip', half(zip)],
    ['a zip with a wrong byte in a file', changed(zipped(true), 45)],
    ['a zip that lies about a checksum', zipOf([{ name: 'a', content: 'a', crc: 5 }])],
    ['a zip that says too little', zipOf([{ name: 'a', content: 'abc', size: 2 }])],
    ['a zip that says too much', zipOf([{ name: 'a', content: 'abc', size: 20 }])],
    [
      'a zip that says too little about a large file',
      zipOf([{ name: 'a', content: Buffer.alloc(200_000, 'ab'), size: 100_000 }]),
    ],
  ];
  for (const [what, bytes] of table) await t.rejects(filesOf(inPieces(bytes)), { code: 'bad-archive' }, what);
  t.strictSame(await readdir(folder), []);
});

t.test('archives that are made to fill a disk', async (t) => {
  const bomb = await tarOf({ 'zeros.bin': Buffer.alloc(84 * 1024 * 1024) });
  for (const bytes of [gzipped(bomb), zstandard(bomb)])
    await t.rejects(filesOf(inPieces(bytes)), { code: 'too-large', message: /200 times/ });
  const zip = zipOf([{ name: 'zeros.bin', content: 'zeros', size: 84 * 1024 * 1024 }]);
  await t.rejects(
    filesOf(inPieces(zip)),
    { code: 'too-large', message: /200 times/ },
    'before it is unpacked',
  );
});

t.test('a sender that goes away', async (t) => {
  async function* broken(bytes: Buffer) {
    yield bytes;
    throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
  }
  const tar = await tarOf(tree);
  for (const bytes of [
    tar.subarray(0, 100),
    tar.subarray(0, 5000),
    gzipped(tar).subarray(0, 900),
    zipped(false),
  ])
    await t.rejects(filesOf(broken(bytes)), { code: 'truncated-upload' });
  t.strictSame(await readdir(folder), []);
});

t.test('a reader that stops early ends the body', async (t) => {
  const tar = await tarOf(tree);
  let isEnded = false;
  async function* body() {
    try {
      for (;;) yield tar;
    } finally {
      isEnded = true;
    }
  }
  for await (const _ of archivedFiles(body(), folder)) break;
  await new Promise(setImmediate);
  t.ok(isEnded);
});
