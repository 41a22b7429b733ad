import { S3Error } from './protocol/s3-error.ts';

/**
 * The canned ACLs that change nothing here: this API asks everybody for a token, and edges serve files to whoever may
 * read the site. The others would promise access that nobody gets.
 */
const AS_IT_IS: readonly string[] = [
  ...['private', 'public-read', 'bucket-owner-read', 'bucket-owner-full-control'],
];
const OTHERS: readonly string[] = [
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'log-delivery-write',
];

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Throws `NotImplemented` for grants, and `InvalidArgument` for an ACL that S3 does not have. */
export function checkAclHeaders(headers: Headers): void {
  const grant = Object.keys(headers).find((name) => name.startsWith('x-amz-grant-'));
  if (grant !== undefined) throw new S3Error('NotImplemented', `${grant} is not implemented.`);
  const canned = headers['x-amz-acl'];
  if (canned === undefined || AS_IT_IS.includes(String(canned))) return;
  if (OTHERS.includes(String(canned)))
    throw new S3Error('NotImplemented', `The ACL ${String(canned)} is not implemented.`);
  throw new S3Error('InvalidArgument', 'x-amz-acl is not a canned ACL.');
}
