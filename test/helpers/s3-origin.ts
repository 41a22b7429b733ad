import type { S3Client } from '@aws-sdk/client-s3';
import type { Test } from 'tap';
import { freePorts } from './free-ports.ts';
import { type LoneOrigin, loneOrigin } from './lone-origin.ts';
import { s3Client } from './s3.ts';

/** An origin with the S3-compatible API at `url`, and a client that may do everything. */
export async function s3Origin(t: Test): Promise<{ url: string; origin: LoneOrigin; client: S3Client }> {
  const [s3Port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${s3Port}`;
  const origin = await loneOrigin(t, { s3Port });
  const client = s3Client(url, origin.token);
  t.teardown(() => client.destroy());
  return { url, origin, client };
}
