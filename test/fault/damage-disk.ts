import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../helpers/http.ts';
import type { Random } from '../helpers/random.ts';

/** What a role keeps on its disk, beside the role that runs. */

const smallFile = (data: string) => join(data, 'objects/small.sqlite');
const largeFile = (data: string, digest: string) => join(data, 'objects/large', digest.slice(0, 2), digest);

function withSmall<T>(data: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(smallFile(data), { timeout: 10_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function bytesOn(data: string, digest: string): Buffer | undefined {
  const file = largeFile(data, digest);
  if (existsSync(file)) return readFileSync(file);
  return withSmall(data, (database) => {
    const row = database.prepare('SELECT bytes FROM object WHERE digest = ?').get(Buffer.from(digest, 'hex'));
    return row === undefined ? undefined : Buffer.from(row.bytes as Uint8Array);
  });
}

/** The names of all objects that are not empty. */
export function objectsOn(data: string): string[] {
  const small = withSmall(data, (database) =>
    database.prepare('SELECT digest FROM object WHERE length(bytes) > 0 ORDER BY digest').all(),
  ).map(({ digest }) => Buffer.from(digest as Uint8Array).toString('hex'));
  const large = readdirSync(join(data, 'objects/large'), { recursive: true })
    .map((name) => String(name).slice(3))
    .filter((name) => name.length === 64);
  return [...small, ...large].sort();
}

/** Those of the objects that are altered or missing. */
export function damagedOn(data: string, digests: readonly string[]): string[] {
  return digests.filter((digest) => {
    try {
      const bytes = bytesOn(data, digest);
      return bytes === undefined || sha256(bytes) !== digest;
    } catch {
      // It was removed at this moment.
      return true;
    }
  });
}

/** Flips one byte of the object. Returns how many were flipped. */
export function flipBytes(data: string, digest: string, dice: Random): number {
  const file = largeFile(data, digest);
  if (existsSync(file)) {
    const at = dice.below(statSync(file).size);
    const byte = Buffer.alloc(1);
    const fd = openSync(file, 'r+');
    readSync(fd, byte, 0, 1, at);
    writeSync(fd, Buffer.of((byte[0] ?? 0) ^ (1 << dice.below(8))), 0, 1, at);
    closeSync(fd);
    return 1;
  }
  const bytes = bytesOn(data, digest);
  if (bytes === undefined) return 0;
  const at = dice.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
  withSmall(data, (database) =>
    database.prepare('UPDATE object SET bytes = ? WHERE digest = ?').run(bytes, Buffer.from(digest, 'hex')),
  );
  return 1;
}
