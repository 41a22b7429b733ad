import { getAcl, putAcl } from './acl-operations.ts';
import { getAttributes } from './attributes-operation.ts';
import { createBucket, deleteBucket, headBucket, listBuckets } from './bucket-operations.ts';
import { listObjects, listObjectsV2, listVersions } from './list-operations.ts';
import { listUploads } from './list-uploads.ts';
import {
  abortMultipart,
  completeMultipart,
  createMultipart,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart-operations.ts';
import type { Operation } from './operation.ts';
import { changeSetting, readSetting, SETTINGS } from './probes.ts';
import { S3Error } from './protocol/s3-error.ts';
import type { Target } from './protocol/target.ts';
import { getObject, headObject } from './read-operations.ts';
import { deleteTagging, getTagging, putTagging } from './tagging-operations.ts';
import { copyObject, deleteObject, deleteObjects, putObject } from './write-operations.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The operation that a request asks for. Throws `MethodNotAllowed` and `NotImplemented`. */
export function chooseOperation(method: string, target: Target, headers: Headers): Operation {
  if (target.bucket === undefined) {
    if (method === 'GET') return listBuckets;
    throw new S3Error('MethodNotAllowed');
  }
  const { query } = target;
  const setting = SETTINGS.find((name) => query.has(name));
  const chosen =
    target.key === undefined
      ? ofBucket(method, query, setting)
      : ofObject(method, query, headers['x-amz-copy-source'] !== undefined, setting);
  if (chosen === undefined) throw new S3Error('MethodNotAllowed');
  return chosen;
}

function ofBucket(
  method: string,
  query: Target['query'],
  setting: string | undefined,
): Operation | undefined {
  switch (method) {
    case 'GET':
      if (setting === 'acl') return getAcl;
      if (setting !== undefined) return readSetting(setting);
      if (query.has('uploads')) return listUploads;
      if (query.has('versions')) return listVersions;
      return query.get('list-type') === '2' ? listObjectsV2 : listObjects;
    case 'HEAD':
      return headBucket;
    case 'PUT':
      if (setting === 'acl') return putAcl;
      return setting === undefined ? createBucket : changeSetting(setting, false);
    case 'DELETE':
      return setting === undefined ? deleteBucket : changeSetting(setting, true);
    case 'POST':
      return query.has('delete') ? deleteObjects : undefined;
    default:
      return undefined;
  }
}

function ofObject(
  method: string,
  query: Target['query'],
  isCopy: boolean,
  setting: string | undefined,
): Operation | undefined {
  const isUpload = query.has('uploadId');
  switch (method) {
    case 'GET':
      if (setting === 'acl') return getAcl;
      if (setting === 'tagging') return getTagging;
      if (setting !== undefined) return readSetting(setting);
      if (query.has('attributes')) return getAttributes;
      return isUpload ? listParts : getObject;
    case 'HEAD':
      return headObject;
    case 'PUT':
      if (setting === 'acl') return putAcl;
      if (setting === 'tagging') return putTagging;
      if (setting !== undefined) return changeSetting(setting, false);
      if (isUpload || query.has('partNumber')) return isCopy ? uploadPartCopy : uploadPart;
      return isCopy ? copyObject : putObject;
    case 'DELETE':
      if (setting === 'tagging') return deleteTagging;
      if (setting !== undefined) return changeSetting(setting, true);
      return isUpload ? abortMultipart : deleteObject;
    case 'POST':
      if (setting !== undefined) return changeSetting(setting, false);
      if (query.has('uploads')) return createMultipart;
      return isUpload ? completeMultipart : undefined;
    default:
      return undefined;
  }
}
