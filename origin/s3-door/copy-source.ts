import { judgePreconditions } from '../../shared/http/conditional.ts';
import { requirePermission } from '../access/permission.ts';
import type { BucketObject } from '../catalog/bucket-object.ts';
import type { Call } from './operation.ts';
import { S3Error } from './protocol/s3-error.ts';
import { objectAt } from './read-operations.ts';

const SOURCE = 'x-amz-copy-source';

/** The object that a request copies. Throws `AccessDenied`, `NoSuchKey`, `PreconditionFailed` and their like. */
export async function copySource(call: Call): Promise<{ bucket: string; key: string; object: BucketObject }> {
  const { bucket, key, version } = sourceOf(String(call.headers[SOURCE]));
  if (version !== undefined && version !== 'null') throw new S3Error('NoSuchVersion');
  requirePermission(call.signer.token.scopes, { kind: 'read-site', site: bucket });
  const object = await objectAt(call, await call.context.catalog.siteNamed(bucket), key);
  const condition = (name: string) => call.headers[`${SOURCE}-${name}`] as string | undefined;
  const verdict = judgePreconditions(
    {
      'if-match': quoted(condition('if-match')),
      'if-none-match': quoted(condition('if-none-match')),
      'if-modified-since': condition('if-modified-since'),
      'if-unmodified-since': condition('if-unmodified-since'),
    },
    { etag: `"${object.etag}"`, modified: object.time },
  );
  if (verdict !== 'met') throw new S3Error('PreconditionFailed');
  return { bucket, key, object };
}

function quoted(tag: string | undefined): string | undefined {
  return tag === undefined || tag.includes('"') || tag === '*' ? tag : `"${tag}"`;
}

function sourceOf(header: string): { bucket: string; key: string; version: string | undefined } {
  const [address = '', version] = header.split('?versionId=', 2);
  let path: string;
  try {
    path = decodeURIComponent(address).replace(/^\//, '');
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'Copy Source must be percent-encoded UTF-8', { cause });
  }
  const slash = path.indexOf('/');
  if (slash <= 0 || slash === path.length - 1)
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1), version };
}
