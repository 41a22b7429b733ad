import { type Answer, type Operation, readsSite, xml } from './operation.ts';
import { type S3Code, S3Error } from './protocol/s3-error.ts';
import { xmlDocument } from './protocol/write-xml.ts';

/**
 * The settings of buckets and objects at S3, which this API does not have. Clients ask for them, and expect what S3
 * answers for a bucket without settings: an error of its own, or an empty document.
 */
const ABSENT: Readonly<Record<string, S3Code>> = {
  policy: 'NoSuchBucketPolicy',
  cors: 'NoSuchCORSConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
  tagging: 'NoSuchTagSet',
  website: 'NoSuchWebsiteConfiguration',
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  replication: 'ReplicationConfigurationNotFoundError',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  ownershipControls: 'OwnershipControlsNotFoundError',
};

export const OWNER = { ID: 'skerry', DisplayName: 'skerry' };

const EMPTY: Readonly<Record<string, string>> = {
  // The default region has no name here, and clients of any region are served.
  location: xmlDocument('LocationConstraint', ''),
  versioning: xmlDocument('VersioningConfiguration', ''),
  logging: xmlDocument('BucketLoggingStatus', ''),
  notification: xmlDocument('NotificationConfiguration', ''),
  accelerate: xmlDocument('AccelerateConfiguration', ''),
  policyStatus: xmlDocument('PolicyStatus', { IsPublic: false }),
  requestPayment: xmlDocument('RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
};

/** Settings that only objects are asked for, or that are otherwise unknown here. */
const OTHER: readonly string[] = [
  ...['analytics', 'intelligent-tiering', 'inventory', 'metrics', 'metadataTable', 'session'],
  ...['legal-hold', 'retention', 'restore', 'select', 'torrent', 'renameObject', 'encryption', 'acl'],
];

/** What S3 answers for a bucket that was not created with object lock. */
const WITHOUT_LOCK: Readonly<Record<string, readonly [S3Code, string]>> = {
  'object-lock': ['InvalidBucketState', 'Object Lock configuration cannot be enabled on existing buckets'],
  'legal-hold': ['InvalidRequest', 'Bucket is missing Object Lock Configuration'],
  retention: ['InvalidRequest', 'Bucket is missing Object Lock Configuration'],
};

/** The parameters that name a setting. */
export const SETTINGS: readonly string[] = [
  ...new Set([...Object.keys(ABSENT), ...Object.keys(EMPTY), ...OTHER]),
];

/** Asks for a setting of a bucket. */
export function readSetting(name: string): Operation {
  return {
    need: readsSite,
    async run(call) {
      await call.site();
      const empty = EMPTY[name];
      if (empty !== undefined) return xml(empty);
      throw ABSENT[name] === undefined ? notHere(name) : new S3Error(ABSENT[name]);
    },
  };
}

/** Changes a setting of a bucket or an object. Deleting a setting that nothing has is done at once. */
export function changeSetting(name: string, isDelete: boolean): Operation {
  return {
    need: (site) => ({ kind: 'upload', site }),
    async run(call): Promise<Answer> {
      await call.site();
      if (isDelete && ABSENT[name] !== undefined) return { status: 204 };
      throw notHere(name);
    },
  };
}

function notHere(name: string): S3Error {
  const [code, message] = WITHOUT_LOCK[name] ?? ['NotImplemented', `?${name} is not implemented.`];
  return new S3Error(code, message);
}

/** The access control list of an object or a bucket: tokens decide, which S3 does not see. */
export function aclDocument(): string {
  const grantee = '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">';
  return xmlDocument('AccessControlPolicy', {
    Owner: OWNER,
    AccessControlList: { Grant: { Grantee: OWNER, Permission: 'FULL_CONTROL' } },
  }).replace('<Grantee>', grantee);
}
