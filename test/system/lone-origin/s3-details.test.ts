import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { s3Origin } from '../../helpers/s3-origin.ts';

const { origin, client } = await s3Origin(t);

async function newBucket(Bucket: string) {
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}
const put = (Bucket: string, Key: string, more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'content', ...more }));
const refused = (status: number, name: string) => ({ name, $metadata: { httpStatusCode: status } });

t.test('tags of an object', async (t) => {
  const Bucket = await newBucket('tags');
  const tags = async (Key: string) =>
    (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  const tag = (Key: string, TagSet: { Key: string; Value: string }[]) =>
    client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
  await put(Bucket, 'a', { Tagging: 'x=1&y', Metadata: { kept: 'yes' } });
  t.strictSame(await tags('a'), [
    { Key: 'x', Value: '1' },
    { Key: 'y', Value: '' },
  ]);
  await client.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
  t.equal((await tags('b'))?.length, 2);
  await tag('a', [{ Key: 'z', Value: '<&>' }]);
  t.strictSame(await tags('a'), [{ Key: 'z', Value: '<&>' }]);
  t.match(await client.send(new HeadObjectCommand({ Bucket, Key: 'a' })), {
    TagCount: 1,
    Metadata: { kept: 'yes' },
  });
  await t.rejects(
    tag(
      'a',
      Array.from({ length: 11 }, (_, i) => ({ Key: `${i}`, Value: '' })),
    ),
    refused(400, 'InvalidTag'),
  );
  await t.rejects(tag('a', [{ Key: 'k'.repeat(129), Value: '' }]), refused(400, 'InvalidTag'));
  await t.rejects(tag('none', []), refused(404, 'NoSuchKey'));
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
  t.strictSame(await tags('a'), []);
  // A file that was published in another way keeps its metadata when it gets tags.
  await origin.put(Bucket, 'by-api.txt', 'x');
  await tag('by-api.txt', [{ Key: 'k', Value: 'v' }]);
  t.equal((await tags('by-api.txt'))?.length, 1);
});

t.test('the ACL that everything has is accepted; others are not', async (t) => {
  const Bucket = await newBucket('acls');
  await put(Bucket, 'a', { ACL: 'public-read' });
  await client.send(new PutObjectAclCommand({ Bucket, Key: 'a', ACL: 'private' }));
  const { Owner, Grants } = await client.send(new GetBucketAclCommand({ Bucket }));
  await client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: { Owner, Grants } }));
  await t.rejects(put(Bucket, 'a', { ACL: 'public-read-write' }), refused(501, 'NotImplemented'));
  await t.rejects(put(Bucket, 'a', { GrantRead: 'id=x' }), refused(501, 'NotImplemented'));
  await t.rejects(put(Bucket, 'a', { ACL: 'nonsense' }), refused(400, 'InvalidArgument'));
  const Grantee = { ID: 'other', Type: 'CanonicalUser' } as const;
  const AccessControlPolicy = { Owner, Grants: [{ Grantee, Permission: 'READ' as const }] };
  await t.rejects(
    client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy })),
    refused(501, 'NotImplemented'),
  );
  await t.rejects(
    client.send(new PutObjectAclCommand({ Bucket, Key: 'none', ACL: 'private' })),
    refused(404, 'NoSuchKey'),
  );
});

t.test('what is not there is refused, and nothing is pretended', async (t) => {
  const Bucket = await newBucket('outside');
  for (const [more, status, name] of [
    [{ StorageClass: 'GLACIER' }, 400, 'InvalidStorageClass'],
    [{ ObjectLockLegalHoldStatus: 'ON' }, 400, 'InvalidRequest'],
    [{ ServerSideEncryption: 'AES256' }, 501, 'NotImplemented'],
    [{ ExpectedBucketOwner: '123456789012' }, 403, 'AccessDenied'],
  ] as const)
    await t.rejects(put(Bucket, 'a', more), refused(status, name), name);
  await t.rejects(
    client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
    refused(501, 'NotImplemented'),
  );
  const create = (more: object) => client.send(new CreateBucketCommand({ Bucket, ...more }));
  await t.rejects(create({ Bucket: 'ab' }), refused(400, 'InvalidBucketName'));
  await t.rejects(create({ ObjectOwnership: 'ObjectWriter' }), refused(501, 'NotImplemented'));
  await t.rejects(create({ ACL: 'public-read' }), refused(409, 'BucketAlreadyExists'));
  await create({ ACL: 'private', ObjectOwnership: 'BucketOwnerEnforced' });
  t.equal((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
});

t.test('an object is deleted only as the client knows it', async (t) => {
  const Bucket = await newBucket('deletions');
  await put(Bucket, 'a');
  const remove = (more: object) => client.send(new DeleteObjectCommand({ Bucket, Key: 'a', ...more }));
  for (const IfMatchSize of [8, 5_000_000_000])
    await t.rejects(remove({ IfMatchSize }), refused(412, 'PreconditionFailed'));
  await t.rejects(remove({ IfMatchLastModifiedTime: new Date(0) }), refused(412, 'PreconditionFailed'));
  const { LastModified } = await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }));
  const many = (more: object) =>
    client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a', ...more }] } }));
  t.match(await many({ Size: 8 }), { Errors: [{ Code: 'PreconditionFailed' }] });
  t.match(await many({ LastModifiedTime: new Date(0) }), { Errors: [{ Code: 'PreconditionFailed' }] });
  await remove({ IfMatchSize: 7, IfMatchLastModifiedTime: LastModified });
  await t.rejects(client.send(new HeadObjectCommand({ Bucket, Key: 'a' })), refused(404, 'NotFound'));
});

t.test('a client names the checksum and the size of what it completes', async (t) => {
  const Bucket = await newBucket('completed');
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  const Key = 'a';
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }),
  );
  const part = { PartNumber: 1, Body: 'content', ChecksumAlgorithm: 'SHA256' } as const;
  const { ETag, ChecksumSHA256 } = await client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, ...part }),
  );
  const Parts = [{ PartNumber: 1, ETag, ChecksumSHA256 }];
  const complete = (more: object) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );
  const right = `${sha256(sha256('content')).toString('base64')}-1`;
  await t.rejects(
    complete({ ChecksumSHA256: `${sha256('x').toString('base64')}-1` }),
    refused(400, 'BadDigest'),
  );
  for (const MpuObjectSize of [8, 5_000_000_000])
    await t.rejects(complete({ MpuObjectSize }), refused(400, 'InvalidRequest'));
  t.equal((await complete({ ChecksumSHA256: right, MpuObjectSize: 7 })).ChecksumSHA256, right);
  const ObjectAttributes = ['ObjectParts', 'Checksum', 'ObjectSize'] as const;
  t.match(
    await client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: [...ObjectAttributes] }),
    ),
    {
      ObjectSize: 7,
      Checksum: { ChecksumSHA256: right },
      ObjectParts: { TotalPartsCount: 1, Parts: [{ PartNumber: 1, Size: 7 }] },
    },
  );
});

t.test('pages of buckets, and of uploads with a delimiter', async (t) => {
  for (const name of ['page-1', 'page-2', 'page-3']) await newBucket(name);
  const page = (more: object) =>
    client.send(new ListBucketsCommand({ Prefix: 'page-', MaxBuckets: 2, ...more }));
  const first = await page({});
  t.match(first, { Buckets: [{ Name: 'page-1' }, { Name: 'page-2' }], Prefix: 'page-' });
  const second = await page({ ContinuationToken: first.ContinuationToken });
  t.match(second, { Buckets: [{ Name: 'page-3' }], ContinuationToken: undefined });
  const Bucket = 'page-1';
  for (const Key of ['a/1', 'a/2', 'b', 'c/1'])
    await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const uploads = (more: object) =>
    client.send(new ListMultipartUploadsCommand({ Bucket, Delimiter: '/', ...more }));
  const rolled = await uploads({ MaxUploads: 1 });
  t.match(rolled, { CommonPrefixes: [{ Prefix: 'a/' }], IsTruncated: true, NextKeyMarker: 'a/' });
  t.match(await uploads({ KeyMarker: rolled.NextKeyMarker }), {
    Uploads: [{ Key: 'b' }],
    CommonPrefixes: [{ Prefix: 'c/' }],
    IsTruncated: false,
  });
});
