import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';

/** The algorithms of `x-amz-checksum-…`. */
export const ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** A checksum that is computed while bytes pass. */
export interface Checksum {
  update(bytes: Buffer): void;
  digest(): Promise<Buffer>;
}

const makers: Readonly<Record<Algorithm, () => Checksum>> = {
  crc32: () => {
    let value = 0;
    return {
      update(bytes) {
        value = crc32(bytes, value);
      },
      async digest() {
        const out = Buffer.alloc(4);
        out.writeUInt32BE(value);
        return out;
      },
    };
  },
  crc32c: () => ofLibrary(new Crc32c()),
  crc64nvme: () => ofLibrary(new Crc64Nvme()),
  sha1: () => ofNode('sha1'),
  sha256: () => ofNode('sha256'),
};

const LENGTHS: Readonly<Record<Algorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

export function checksum(algorithm: Algorithm): Checksum {
  return makers[algorithm]();
}

/** The algorithm of a name in any case. Undefined for one that S3 does not have. */
export function algorithmOf(name: string): Algorithm | undefined {
  return ALGORITHMS.find((algorithm) => algorithm === name.toLowerCase());
}

/** Whether a text has the form of a checksum, in base64. */
export function isChecksum(algorithm: Algorithm, value: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(value) && Buffer.from(value, 'base64').length === LENGTHS[algorithm];
}

function ofNode(name: string): Checksum {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest() };
}

function ofLibrary(library: { update(bytes: Uint8Array): void; digest(): Promise<Uint8Array> }): Checksum {
  return {
    update: (bytes) => library.update(bytes),
    digest: async () => Buffer.from(await library.digest()),
  };
}
