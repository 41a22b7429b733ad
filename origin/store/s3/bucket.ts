import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { SkerryError } from '../../../shared/errors.ts';
import { type ByteSpan, inHttp } from '../../../shared/store/byte-span.ts';
import type { S3Location } from './location.ts';

const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const REMOVED_AT_ONCE = 1000;
const CONNECT_MS = 5000;
const SILENCE_MS = 30_000;

interface Listed {
  readonly key: string;
  readonly size: number;
}

/** The keys under the location's prefix. All methods throw `store-unreachable`, after the SDK has retried. */
export interface Bucket {
  /** The location as `s3://BUCKET/PREFIX`. */
  readonly url: string;
  put(key: string, bytes: Buffer): Promise<void>;
  /** Uploads a large file in parts, so that only a few parts are in memory. */
  putFile(key: string, file: string): Promise<void>;
  /** Undefined when there is no such key, or when the range is outside the object. */
  get(key: string, range?: ByteSpan): Promise<Readable | undefined>;
  /** Absent keys are no error. */
  remove(keys: readonly string[]): Promise<void>;
  /** Lists, page by page, the keys that begin with the prefix. */
  list(prefix: string): AsyncIterable<readonly Listed[]>;
  close(): void;
}

/**
 * Opens a bucket. The AWS SDK finds the endpoint, the region and the credentials in its usual places: the environment
 * and its files.
 */
export function openBucket({ url, bucket, prefix }: S3Location): Bucket {
  const client = new S3Client({
    region: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
    // Only S3's own servers have a host name for every bucket.
    forcePathStyle: (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined,
    // Some servers do not know the newer checksums. Readers check the digests.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: SILENCE_MS },
  });
  const unreachable = (cause: unknown) =>
    new SkerryError('store-unreachable', `the bucket ${bucket} cannot be used: ${reason(cause)}`, { cause });
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });

  return {
    url,

    async put(key, bytes) {
      await client.send(new PutObjectCommand({ ...at(key), Body: bytes })).catch((cause) => {
        throw unreachable(cause);
      });
    },

    async putFile(key, file) {
      const upload = new Upload({
        client,
        params: { ...at(key), Body: createReadStream(file) },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
      });
      await upload.done().catch((cause) => {
        throw unreachable(cause);
      });
    },

    async get(key, range) {
      const part = range && { Range: `bytes=${inHttp(range)}` };
      try {
        const { Body } = await client.send(new GetObjectCommand({ ...at(key), ...part }));
        return Body as Readable | undefined;
      } catch (error) {
        if (['NoSuchKey', 'InvalidRange'].includes(nameOf(error))) return undefined;
        throw unreachable(error);
      }
    },

    async remove(keys) {
      for (let i = 0; i < keys.length; i += REMOVED_AT_ONCE) {
        const some = keys.slice(i, i + REMOVED_AT_ONCE).map((key) => ({ Key: prefix + key }));
        const { Errors: failed = [] } = await client
          .send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: some, Quiet: true } }))
          .catch((cause) => {
            throw unreachable(cause);
          });
        if (failed.length > 0) throw unreachable(new Error(failed[0]?.Message ?? 'a key was not deleted'));
      }
    },

    async *list(under) {
      try {
        for await (const { Contents: found = [] } of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix + under },
        )) {
          yield found.map(({ Key = '', Size = 0 }) => ({ key: Key.slice(prefix.length), size: Size }));
        }
      } catch (cause) {
        throw unreachable(cause);
      }
    },

    close: () => client.destroy(),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' || error.message === 'UnknownError' ? error.name : error.message;
}
