import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import t from 'tap';
import { digestOf, toDigest } from '../../../../shared/content/digest.ts';
import {
  availableDictionary,
  type Coding,
  dczHeader,
  decoded,
  isRawDictionary,
  largestWindow,
  parseAvailableDictionary,
} from '../../../../shared/delta/dcz.ts';
import serve, { parametersFor } from '../../../../shared/delta/encode.worker.ts';
import { until } from '../../../helpers/until.ts';
import { collect, slices, streamOf } from '../streams.ts';

const MIB = 1024 * 1024;
/** Text that packs, but not to nothing. */
const text = (lines: number, seed = '') =>
  Buffer.from(
    Array.from({ length: lines }, (_, i) => `.rule-${i}${seed} { top: ${digestOf(`${i}`)} }\n`).join(''),
  );
const old = text(2000);
const content = Buffer.concat([old.subarray(0, 50_000), Buffer.from('/* new */'), old.subarray(50_000)]);

async function encode(content: Uint8Array, dictionary: Uint8Array | null) {
  const named = dictionary && { bytes: dictionary, digest: digestOf(dictionary) };
  const answer = await serve({ method: 'encode', args: [content, [], named] });
  if (!('ok' in answer)) throw new Error(answer.error.message);
  return answer.ok as { coding: Coding; bytes: Uint8Array };
}

async function decode(
  bytes: Uint8Array,
  coding: Coding,
  dictionary?: Buffer,
  piece = 65_536,
): Promise<Buffer> {
  const body = Readable.from(streamOf(slices(bytes, piece)));
  return Buffer.concat((await collect(decoded(body, coding, dictionary))) as Buffer[]);
}

t.test('announces a dictionary as the example of RFC 9842 section 2.2 does', async (t) => {
  const digest = toDigest('a591a6d40bf420404a011733cfb7b190d62c65bf0bcda32b57b277d9ad9f146e');
  const header = ':pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:';
  t.equal(availableDictionary(digest), header);
  t.equal(parseAvailableDictionary(header), digest);
  t.equal(parseAvailableDictionary(` ${header} `), digest);
});

t.test('a header that does not name a SHA-256 is none', async (t) => {
  const header = availableDictionary(digestOf(old));
  for (const other of [
    undefined,
    '',
    '::',
    header.slice(1),
    header.slice(0, -1),
    header.slice(1, -1),
    header.replace('=', ''),
    `:AAAA${header.slice(1)}`,
    `${header}, ${header}`,
    digestOf(old),
    `:${randomBytes(31).toString('base64')}:`,
    `:${randomBytes(33).toString('base64')}:`,
  ]) {
    t.equal(parseAvailableDictionary(other), undefined, `${other}`);
  }
});

t.test('a delta begins with the magic and the digest of the dictionary', async (t) => {
  const { coding, bytes } = await encode(content, old);
  t.equal(coding, 'dcz');
  const header = `5e2a4d1820000000${createHash('sha256').update(old).digest('hex')}`;
  t.equal(Buffer.from(bytes.subarray(0, 40)).toString('hex'), header);
  t.ok(dczHeader(old).equals(bytes.subarray(0, 40)));
  t.equal(Buffer.from(bytes.subarray(40, 44)).toString('hex'), '28b52ffd', 'and a zstd frame follows');
  t.ok(bytes.length < 200, `${bytes.length} bytes for an edit of ${content.length}`);
  t.equal(bytes.buffer.byteLength, bytes.length, 'in memory of its own');
});

t.test('round trips, with and without a dictionary', async (t) => {
  const noise = randomBytes(100_000);
  const long = Buffer.concat(Array.from({ length: 9 }, (_, i) => text(10_000, `${i}`)));
  const larger = long.subarray(0, 2_500_000);
  const cases: [string, Buffer, Buffer | null, Coding][] = [
    ['an edit', content, old, 'dcz'],
    ['the same again', old, old, 'dcz'],
    ['noise against itself', noise, noise, 'dcz'],
    ['a short dictionary', content, Buffer.from('.rule'), 'dcz'],
    ['a dictionary far larger than the content', text(20, 'x'), larger, 'dcz'],
    ['a content far larger than the dictionary', larger, old, 'dcz'],
    ['no dictionary', content, null, 'zstd'],
    ['an empty dictionary', content, Buffer.alloc(0), 'zstd'],
    ['more than 8 MiB without a dictionary', long, null, 'zstd'],
    ['empty content', Buffer.alloc(0), null, 'identity'],
    ['empty content against a dictionary', Buffer.alloc(0), old, 'identity'],
    ['noise', noise, null, 'identity'],
    ['noise against something else', noise, old, 'identity'],
    ['what is too short to pay', Buffer.from('a {}\n'), old, 'identity'],
  ];
  for (const [name, content, dictionary, expected] of cases) {
    const { coding, bytes } = await encode(content, dictionary);
    t.equal(coding, expected, name);
    t.ok(coding === 'identity' ? bytes === content : bytes.length < 0.9 * content.length, name);
    const back = await decode(bytes, coding, dictionary ?? undefined);
    t.ok(back.equals(content), `${name} comes back`);
  }
});

t.test('an upstream that does not know the length beforehand is understood', async (t) => {
  const packed = Readable.from([content]).pipe(createZstdCompress());
  const back = await collect(decoded(packed, 'zstd', undefined));
  t.ok(Buffer.concat(back as Buffer[]).equals(content));
});

t.test('a dictionary with the magic of a trained one is not used', async (t) => {
  const magic = Buffer.from('37a430ec', 'hex');
  const formatted = Buffer.concat([magic, old]);
  t.equal(isRawDictionary(formatted), false);
  t.equal(isRawDictionary(magic), false);
  t.equal(isRawDictionary(magic.subarray(0, 3)), true);
  t.equal(isRawDictionary(old), true);
  t.equal(isRawDictionary(Buffer.alloc(0)), true);
  const { coding, bytes } = await encode(content, formatted);
  t.equal(coding, 'zstd');
  t.ok((await decode(bytes, coding, formatted)).equals(content));
  const delta = (await encode(content, old)).bytes;
  const forged = Buffer.concat([dczHeader(formatted), delta.subarray(40)]);
  await t.rejects(decode(forged, 'dcz', formatted), { code: 'upstream-protocol' });
});

t.test('the header may be split anywhere', async (t) => {
  const { bytes } = await encode(content, old);
  for (const piece of [1, 2, 7, 8, 39, 40, 41, 1000]) {
    t.ok((await decode(bytes, 'dcz', old, piece)).equals(content), `pieces of ${piece}`);
  }
});

t.test('refuses another dictionary, none, and another magic', async (t) => {
  const { bytes } = await encode(content, old);
  for (const dictionary of [content, Buffer.alloc(0), undefined]) {
    await t.rejects(decode(bytes, 'dcz', dictionary), { code: 'upstream-protocol', message: /dictionary/ });
  }
  for (let at = 0; at < 40; at++) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    await t.rejects(decode(altered, 'dcz', old, 16), { code: 'upstream-protocol' }, `byte ${at}`);
  }
});

t.test('refuses every cut', async (t) => {
  const { bytes } = await encode(content, old);
  for (let length = 0; length < bytes.length; length++) {
    const cut = decode(bytes.subarray(0, length), 'dcz', old);
    await t.rejects(cut, { code: 'upstream-protocol' }, `${length} of ${bytes.length}`);
  }
  const packed = (await encode(content, null)).bytes;
  for (const length of [0, 1, 4, 20, packed.length >> 1, packed.length - 1]) {
    await t.rejects(decode(packed.subarray(0, length), 'zstd'), { code: 'upstream-protocol' }, `${length}`);
  }
});

t.test('refuses what is not zstd, with the reason as its cause', async (t) => {
  const wrong = decode(Buffer.from('<h1>Bad gateway</h1>'), 'zstd');
  await t.rejects(wrong, { code: 'upstream-protocol', cause: { code: /^ZSTD_error_/ } });
});

t.test('a failure of the body reaches the reader as it is', async (t) => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield dczHeader(old);
    throw new Error('gone');
  }
  for (const coding of ['dcz', 'zstd'] as const) {
    await t.rejects(collect(decoded(Readable.from(failing()), coding, old)), Error);
  }
  await t.rejects(collect(decoded(Readable.from(failing()), 'dcz', old)), { message: 'gone' });
});

t.test('a reader that leaves ends the body', async (t) => {
  for (const coding of ['dcz', 'zstd'] as const) {
    const body = new Readable({ read() {} });
    const reader = decoded(body, coding, old);
    reader.destroy();
    t.ok(await until('the end of the body', () => body.destroyed), coding);
  }
});

t.test('a window beyond what the dictionary explains is refused', async (t) => {
  const params = { [constants.ZSTD_c_windowLog]: 27 };
  const greedy = Readable.from([content, content]).pipe(createZstdCompress({ params }));
  const bytes = Buffer.concat((await collect(greedy)) as Buffer[]);
  t.equal(zstdDecompressSync(bytes).length, 2 * content.length, 'libzstd itself would take 128 MiB for it');
  await t.rejects(decode(bytes, 'zstd'), { code: 'upstream-protocol' });
  const delta = Buffer.concat([
    dczHeader(old),
    zstdCompressSync(Buffer.alloc(20 * MIB), { dictionary: old, params }),
  ]);
  await t.rejects(decode(delta, 'dcz', old), { code: 'upstream-protocol' });
});

t.test('the largest window follows the dictionary, between 8 and 128 MiB', async (t) => {
  t.equal(largestWindow(0), 8 * MIB);
  t.equal(largestWindow(6 * MIB), 8 * MIB);
  t.equal(largestWindow(16 * MIB), 20 * MIB);
  t.equal(largestWindow(200 * MIB), 128 * MIB);
});

t.test('the window holds the content, within what a decoder has to take', async (t) => {
  const table: [content: number, dictionary: number, windowLog: number][] = [
    [0, 0, 10],
    [1, 0, 10],
    [1024, 0, 10],
    [1025, 0, 11],
    [8 * MIB, 0, 23],
    [8 * MIB + 1, 0, 23],
    [100 * MIB, 0, 23],
    [20_000, 8 * MIB, 15],
    [20 * MIB, 16 * MIB, 25],
    [20 * MIB + 1, 16 * MIB, 24],
    [128 * MIB, 128 * MIB, 27],
    [1024 * MIB, 1024 * MIB, 27],
  ];
  for (const [content, dictionary, windowLog] of table) {
    t.equal(parametersFor(content, dictionary).windowLog, windowLog, `${content} against ${dictionary}`);
  }
});

t.test('the level falls as the work grows', async (t) => {
  const level = (content: number, dictionary: number) => parametersFor(content, dictionary).level;
  t.same([level(0, 1), level(200_000, 200_000), level(300_000, 300_000), level(8e6, 8e6)], [19, 19, 12, 12]);
  t.same([level(0, 0), level(200_000, 0), level(300_000, 0), level(8e6, 0)], [17, 17, 12, 10]);
});
