import { request } from 'node:http';
import { Readable } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import { type PackedTree, tarOf, zipOf } from '../../helpers/archives.ts';
import { ask } from '../../helpers/http.ts';
import type { Attack, Outcome } from './attack.ts';
import type { Target } from './target.ts';

const SITE = 'archived';
const MIB = 1024 * 1024;
const AT_ONCE = 8;
const BLOCK = 512;

/** A tar with one file of zeros, without holding it. */
async function* tarOfZeros(bytes: number): AsyncGenerator<Buffer> {
  const head = (await tarOf({ zeros: '' })).subarray(0, BLOCK);
  // The size of a file above 8 GiB does not fit in octal digits, so the file is smaller.
  head.write(`${bytes.toString(8).padStart(11, '0')} `, 124);
  head.write(' '.repeat(8), 148);
  const sum = head.reduce((sum, byte) => sum + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  yield head;
  const zeros = Buffer.alloc(MIB);
  for (let sent = 0; sent < bytes; sent += MIB) yield zeros;
  yield Buffer.alloc(2 * BLOCK);
}

/** Folders take no place in a site, so only the sizes of archives limit their number. */
async function* tarOfFolders(count: number): AsyncGenerator<Buffer> {
  const tar = await tarOf({}, [{ name: 'folder/', type: 'directory' }]);
  const many = Buffer.concat(Array.from({ length: 1000 }, () => tar.subarray(0, BLOCK)));
  for (let i = 0; i < count; i += 1000) yield many;
  yield Buffer.alloc(2 * BLOCK);
}

/** A zip whose entries all have the bytes of one file, as zip bombs do. */
function overlapping(count: number): Buffer {
  const one = zipOf([{ name: 'a', content: Buffer.alloc(10 * MIB) }]);
  const end = one.length - 22;
  const start = one.readUInt32LE(end + 16);
  const entry = one.subarray(start, end);
  const named = Array.from({ length: count }, (_, i) => {
    const copy = Buffer.concat([entry.subarray(0, 46), Buffer.from(`f${String(i).padStart(6, '0')}`)]);
    copy.writeUInt16LE(7, 28);
    return copy;
  });
  const directory = Buffer.concat(named);
  const tail = Buffer.from(one.subarray(end));
  for (const at of [8, 10]) tail.writeUInt16LE(count, at);
  tail.writeUInt32LE(directory.length, 12);
  return Buffer.concat([one.subarray(0, start), directory, tail]);
}

/** Sends an archive as it is made. Resolves with the status and the code of the answer. */
function put(url: string, token: string, body: Readable): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const path = `/v1/sites/${SITE}/archive`;
    const sending = request(
      { hostname, port, path, method: 'PUT', headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        let text = '';
        answer.on('data', (bytes) => {
          text += bytes;
        });
        answer.on('close', () => {
          body.destroy();
          resolve(`${answer.statusCode} ${/"code":"([a-z-]+)"/.exec(text)?.[1] ?? ''}`);
        });
      },
    );
    sending.on('error', (error) => resolve(`connection closed (${error.message})`));
    body.on('error', () => {}).pipe(sending);
  });
}

async function refused(target: Target, bodyOf: () => Promise<Readable>): Promise<Outcome> {
  const { cluster, origin } = target;
  const token = (await cluster.client.createToken({ scope: `publish:${SITE}` })).token;
  await cluster.client.putSite(SITE);
  const before = await cluster.client.site(SITE);
  const counts = new Map<string, number>();
  const send = async () => {
    const how = await put(origin.url, token, await bodyOf());
    counts.set(how, (counts.get(how) ?? 0) + 1);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  const { revision } = await cluster.client.site(SITE);
  const gained = revision === before.revision ? undefined : `revision ${revision}`;
  return { refused: [...counts].map(([how, count]) => `${count} × ${how}`).join(', '), gained };
}

const asStream = async (bytes: Buffer) => Readable.from([bytes], { objectMode: false });
const outside: PackedTree = { 'index.html': 'a', '../../etc/cron.d/a': 'a' };

const bodies: Readonly<Record<string, () => Promise<Readable>>> = {
  'a gzip of 4 GiB of zeros': async () => Readable.from(tarOfZeros(4096 * MIB)).pipe(createGzip()),
  'a zstd of 4 GiB of zeros': async () => Readable.from(tarOfZeros(4096 * MIB)).pipe(createZstdCompress()),
  'ten million folders': async () => Readable.from(tarOfFolders(10_000_000)).pipe(createZstdCompress()),
  'a zip of 10,000 entries over the same 10 MiB': () => asStream(overlapping(10_000)),
  'a path that climbs out': async () => asStream(await tarOf(outside)),
  'a link to /etc/passwd': async () =>
    asStream(await tarOf({}, [{ name: 'a', type: 'symlink', linkname: '/etc/passwd' }])),
};

export const archives: readonly Attack[] = [
  ...Object.entries(bodies).map(([name, bodyOf]) => ({
    name: `an archive: ${name}`,
    point: '13',
    run: (target: Target) => refused(target, bodyOf),
  })),
  {
    name: 'a thousand uploads that are not complete',
    point: '13',
    async run({ cluster, origin }) {
      const token = (await cluster.client.createToken({ scope: `publish:${SITE}` })).token;
      await cluster.client.putSite(SITE);
      const statuses = new Map<number, number>();
      for (let i = 0; i < 1000; i++) {
        const { status } = await ask(
          origin.url,
          `/v1/sites/${SITE}/objects/${i.toString(16).padStart(64, '0')}`,
          {
            ...{ method: 'PUT', body: Buffer.alloc(64 * 1024, 'x') },
            headers: { authorization: `Bearer ${token}`, 'upload-complete': '?0' },
          },
        );
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      return { refused: `64 are kept; answers ${JSON.stringify([...statuses])}` };
    },
  },
];
