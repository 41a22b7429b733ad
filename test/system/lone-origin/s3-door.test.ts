import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import t from 'tap';
import { Sha256 } from '../../../origin/s3-door/signing/sign-again.ts';
import { accessKeyOf, s3Client } from '../../helpers/s3.ts';
import { s3Origin } from '../../helpers/s3-origin.ts';
import { until } from '../../helpers/until.ts';

const { url, origin, client } = await s3Origin(t);

async function newBucket(Bucket: string) {
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

const put = (Bucket: string, Key: string, Body: string | Buffer, more = {}, by = client) =>
  by.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Bucket: string, Key: string, more = {}) => {
  const { Body, ...rest } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...rest, text: (await Body?.transformToString()) ?? '' };
};
const refused = (status: number, name: string) => ({ name, $metadata: { httpStatusCode: status } });

t.test('what is put is there at once, survives a restart, and becomes one revision', async (t) => {
  const Bucket = await newBucket('docs');
  await Promise.all(['a.html', 'dir/b.txt', 'dir/c'].map((key) => put(Bucket, key, `content of ${key}`)));
  await put(Bucket, 'dir/gone', 'x');
  await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'dir/gone' }, { Key: 'none' }] } }),
  );
  const listed = async () =>
    (await client.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key);
  t.strictSame(await listed(), ['a.html', 'dir/b.txt', 'dir/c']);
  await origin.restart();
  t.strictSame(await listed(), ['a.html', 'dir/b.txt', 'dir/c']);
  const revision = await until(
    'a revision',
    async () => (await origin.client.site(Bucket)).revision || undefined,
  );
  t.equal(revision, 1);
  t.equal((await origin.client.site(Bucket)).files, 3);
  t.match(await get(Bucket, 'a.html'), {
    text: 'content of a.html',
    ETag: `"${createHash('md5').update('content of a.html').digest('hex')}"`,
  });

  // The marker does not wait, and is no object.
  await put(Bucket, 'now.txt', 'now');
  await put(Bucket, '.skerry-commit', Buffer.alloc(0));
  t.equal((await origin.client.site(Bucket)).revision, 2);
  t.strictSame(await listed(), ['a.html', 'dir/b.txt', 'dir/c', 'now.txt']);
  // A file that was published in another way is an object, too.
  await origin.put(Bucket, 'by-api.txt', 'by the API');
  t.match(await get(Bucket, 'by-api.txt'), { text: 'by the API', ETag: /^"[0-9a-f]{32}-1"$/ });
});

t.test('objects keep what S3 stores, and answer conditions and ranges', async (t) => {
  const Bucket = await newBucket('kept');
  const headers = {
    ContentType: 'text/x-own; charset=latin1',
    CacheControl: 'max-age=7',
    ContentDisposition: 'attachment',
    Expires: new Date(0),
    Metadata: { plain: 'value', empty: '', mtime: '1.5' },
  };
  const { ETag = '' } = await put(Bucket, 'a', '0123456789', headers);
  const { Expires: _, ...kept } = headers;
  t.match(await get(Bucket, 'a'), { ...kept, text: '0123456789', ETag });
  t.match(await get(Bucket, 'a', { Range: 'bytes=2-4' }), { text: '234', ContentRange: 'bytes 2-4/10' });
  t.match(await get(Bucket, 'a', { Range: 'bytes=-3' }), { text: '789' });
  t.match(await get(Bucket, 'a', { ResponseContentType: 'x/y', ResponseExpires: new Date(0) }), {
    ContentType: 'x/y',
  });
  await t.rejects(get(Bucket, 'a', { Range: 'bytes=10-' }), refused(416, 'InvalidRange'));
  await t.rejects(get(Bucket, 'a', { IfMatch: '"other"' }), refused(412, 'PreconditionFailed'));
  await t.rejects(get(Bucket, 'a', { IfNoneMatch: ETag }), refused(304, 'Unknown'));
  await t.rejects(put(Bucket, 'a', 'x', { IfNoneMatch: '*' }), refused(412, 'PreconditionFailed'));
  await t.rejects(put(Bucket, 'a', 'x', { IfMatch: '"other"' }), refused(412, 'PreconditionFailed'));
  await t.rejects(put(Bucket, 'none', 'x', { IfMatch: '*' }), refused(404, 'NoSuchKey'));
  await put(Bucket, 'a', 'changed', { IfMatch: ETag });
  t.match(await get(Bucket, 'a'), { text: 'changed' });

  await client.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
  const replaced = {
    MetadataDirective: 'REPLACE',
    Metadata: { new: '1' },
    CopySource: `${Bucket}/a`,
  } as const;
  await client.send(new CopyObjectCommand({ Bucket, Key: 'a', ...replaced }));
  t.match(await get(Bucket, 'a'), { text: 'changed', Metadata: { new: '1' } });
  t.match(await get(Bucket, 'b'), { text: 'changed' });
  const itself = new CopyObjectCommand({ Bucket, Key: 'a', CopySource: `${Bucket}/a` });
  await t.rejects(client.send(itself), refused(400, 'InvalidRequest'));
});

t.test('an upload in parts', async (t) => {
  const Bucket = await newBucket('parts');
  const Key = 'large';
  const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the end')] as const;
  await put(Bucket, 'source', parts[0]);
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { of: 'parts' } }),
  );
  const named = { Bucket, Key, UploadId };
  const copy = { ...named, PartNumber: 1, CopySource: `${Bucket}/source` };
  const copied = await client.send(new UploadPartCopyCommand(copy));
  const sent = await client.send(new UploadPartCommand({ ...named, PartNumber: 2, Body: parts[1] }));
  await origin.restart();
  t.match(await client.send(new ListPartsCommand(named)), {
    Parts: [{ Size: 5 * 1024 * 1024 }, { Size: 7 }],
  });
  const complete = (etags: readonly (string | undefined)[]) =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...named,
        MultipartUpload: { Parts: etags.map((ETag, i) => ({ ETag, PartNumber: i + 1 })) },
      }),
    );
  const etags = [copied.CopyPartResult?.ETag, sent.ETag];
  await t.rejects(complete([...etags].reverse()), refused(400, 'InvalidPart'));
  const { ETag } = await complete(etags);
  const md5s = parts.map((part) => createHash('md5').update(part).digest());
  t.equal(ETag, `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2"`);
  t.equal((await complete(etags)).ETag, ETag, 'the answer may be asked for again');
  const whole = await get(Bucket, Key);
  t.equal(whole.text, parts.map(String).join(''));
  t.match(whole, { Metadata: { of: 'parts' } });
  t.equal((await get(Bucket, Key, { PartNumber: 2 })).text, 'the end');
  await t.rejects(client.send(new ListPartsCommand(named)), refused(404, 'NoSuchUpload'));
});

t.test('buckets, listings and probes', async (t) => {
  const Bucket = await newBucket('lists');
  for (const Key of ['a/1', 'a/2', 'b', 'c/1', 'ü']) await put(Bucket, Key, Key);
  const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }));
  t.match(first, {
    IsTruncated: true,
    NextMarker: 'b',
    CommonPrefixes: [{ Prefix: 'a/' }],
    Contents: [{ Key: 'b' }],
  });
  const Marker = first.NextMarker;
  const second = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker }));
  t.match(second, { IsTruncated: false, CommonPrefixes: [{ Prefix: 'c/' }], Contents: [{ Key: 'ü' }] });
  const page = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 3, StartAfter: 'a/1' }));
  t.match(page, { KeyCount: 3, IsTruncated: true, StartAfter: 'a/1' });
  const ContinuationToken = page.NextContinuationToken;
  t.match(await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken })), {
    Contents: [{ Key: 'ü' }],
  });
  const wrong = new ListObjectsV2Command({ Bucket, ContinuationToken: '?' });
  await t.rejects(client.send(wrong), refused(400, 'InvalidArgument'));
  t.match(await client.send(new ListBucketsCommand({})), {
    Buckets: [{ Name: 'docs' }, { Name: 'kept' }, { Name: Bucket }],
  });
  await t.rejects(client.send(new GetBucketPolicyCommand({ Bucket })), refused(404, 'NoSuchBucketPolicy'));
  await t.rejects(client.send(new DeleteBucketCommand({ Bucket })), refused(409, 'BucketNotEmpty'));
  await t.rejects(client.send(new HeadObjectCommand({ Bucket, Key: 'dir/' })), refused(404, 'NotFound'));
  for (const [Key, name] of [
    ['dir/', 'InvalidArgument'],
    ['a//b', 'InvalidArgument'],
    ['.git/config', 'InvalidArgument'],
    ['k'.repeat(1025), 'KeyTooLongError'],
  ] as const)
    await t.rejects(put(Bucket, Key, 'x'), refused(400, name));
  await t.rejects(put(Bucket, '_redirects', '/a /b 999'), refused(400, 'InvalidRequest'));
  await t.rejects(
    client.send(new CreateBucketCommand({ Bucket: 'No_Name' })),
    refused(400, 'InvalidBucketName'),
  );
  await t.rejects(client.send(new ListObjectsCommand({ Bucket: 'none' })), refused(404, 'NoSuchBucket'));

  // A token for a folder changes that folder alone.
  const { token } = await origin.client.createToken({ scope: `publish:${Bucket}/a/` });
  const narrow = s3Client(url, token);
  t.teardown(() => narrow.destroy());
  await put(Bucket, 'a/3', '3', {}, narrow);
  await t.rejects(put(Bucket, 'b', '3', {}, narrow), refused(403, 'AccessDenied'));
  const Delete = { Objects: [{ Key: 'a/3' }, { Key: 'b' }] };
  t.match(await narrow.send(new DeleteObjectsCommand({ Bucket, Delete })), {
    Deleted: [{ Key: 'a/3' }],
    Errors: [{ Key: 'b', Code: 'AccessDenied' }],
  });
});

t.test('a presigned request may not carry more than its signer meant', async (t) => {
  const Bucket = await newBucket('presigned');
  await put(Bucket, 'secret', 'secret');
  const signer = new SignatureV4({
    ...{ credentials: accessKeyOf(origin.token), region: 'us-east-1', service: 's3', sha256: Sha256 },
    ...{ uriEscapePath: false, applyChecksum: false },
  });
  const { hostname, port, protocol, host } = new URL(url);
  const asked = { method: 'PUT', protocol, hostname, port: Number(port), path: `/${Bucket}/a` };
  const payload = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const { path, query = {} } = await signer.presign(
    { ...asked, headers: { host, ...payload } },
    { unsignableHeaders: new Set(Object.keys(payload)) },
  );
  const target = `${url}${path}?${new URLSearchParams(query as Record<string, string>)}`;
  const send = (headers: Record<string, string>) => fetch(target, { method: 'PUT', body: 'mine', headers });
  const answer = await send({ 'x-amz-copy-source': `/${Bucket}/secret` });
  t.equal(answer.status, 403);
  t.match(await answer.text(), 'not signed: x-amz-copy-source');
  await t.rejects(get(Bucket, 'a'), refused(404, 'NoSuchKey'));
  t.equal((await send({})).status, 200);
  t.match(await get(Bucket, 'a'), { text: 'mine' });
});
