import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export type PackedTree = Readonly<Record<string, string | Buffer>>;
type Special = Partial<Header> & { readonly name: string };

/** A tar of files. `special` are further entries, such as links. */
export async function tarOf(tree: PackedTree, special: readonly Special[] = []): Promise<Buffer> {
  const packing = pack();
  for (const [name, content] of Object.entries(tree)) packing.entry({ name }, content);
  for (const header of special) packing.entry({ ...header, size: 0 }, '');
  packing.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of packing) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export const gzipped = (bytes: Buffer) => gzipSync(bytes);
export const zstandard = (bytes: Buffer) => zstdCompressSync(bytes);

export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** The type of a Unix file, in octal. */
  readonly mode?: number;
  readonly stored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** What the directory says instead of the truth. */
  readonly size?: number;
  readonly crc?: number;
}

/** A zip, written by hand, so that it can lie. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    const name = Buffer.from(entry.name);
    const packed = entry.stored ? content : deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.flags ?? 0x800, 2);
    common.writeUInt16LE(entry.method ?? (entry.stored ? 0 : 8), 4);
    common.writeUInt32LE(entry.crc ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('504b01021403', 'hex'), common, rest, name]));
    files.push(local);
    offset += local.length;
  }
  const entriesOfAll = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('504b0506', 'hex');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(entriesOfAll.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, entriesOfAll, end]);
}
