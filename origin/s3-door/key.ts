import {
  type ContentPath,
  isContentPath,
  MAX_PATH_BYTES,
  pathFault,
} from '../../shared/content/content-path.ts';
import { isPrivateName } from '../../shared/content/private-name.ts';
import { S3Error } from './protocol/s3-error.ts';

/** The path of an object that is to be put. Throws `InvalidArgument` and `KeyTooLongError`. */
export function putPath(key: string): ContentPath {
  const fault = pathFault(key);
  if (fault === undefined && key.split('/').some(isPrivateName))
    throw new S3Error('InvalidArgument', 'Folders of Git and data folders are not published.');
  if (fault === undefined) return key as ContentPath;
  if (Buffer.byteLength(key) > MAX_PATH_BYTES || fault.includes('longer'))
    throw new S3Error('KeyTooLongError');
  throw new S3Error('InvalidArgument', `The key ${fault}, so it is no path of a site.`);
}

/** The path of an object that may exist. Undefined for a key that no object can have. */
export function possiblePath(key: string): ContentPath | undefined {
  return isContentPath(key) ? key : undefined;
}
