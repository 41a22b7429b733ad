import { SkerryError } from '../../../shared/errors.ts';

/** The location of a store in S3. */
export interface S3Location {
  readonly url: string;
  readonly bucket: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
}

/** Parses `s3://BUCKET/PREFIX`. Throws `bad-config`. */
export function s3Location(text: string): S3Location {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? [];
  const prefix = path.replace(/\/+$/, '');
  if (bucket === undefined || !/^[\w!.*'()/-]*$/.test(prefix) || prefix.includes('//')) {
    throw new SkerryError('bad-config', `${text} is not a store; give s3://BUCKET/PREFIX`);
  }
  return { url: `s3://${bucket}/${prefix}`, bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}
