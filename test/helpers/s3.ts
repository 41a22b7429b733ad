import { S3Client } from '@aws-sdk/client-s3';
import { parseApiToken } from '../../shared/wire/api-token.ts';

/** The access key of a token: its id and its secret. */
export function accessKeyOf(token: string): { accessKeyId: string; secretAccessKey: string } {
  const parsed = parseApiToken(token);
  if (parsed === undefined) throw new Error('not an API token');
  return { accessKeyId: parsed.id, secretAccessKey: parsed.secret };
}

/** A client of the S3-compatible API, as its defaults make it. */
export function s3Client(endpoint: string, token: string): S3Client {
  return new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true },
    credentials: accessKeyOf(token),
  });
}
