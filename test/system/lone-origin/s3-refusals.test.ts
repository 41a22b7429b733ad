import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { digestOf } from '../../../shared/content/digest.ts';
import { ask } from '../../helpers/http.ts';
import { openFiles } from '../../helpers/open-files.ts';
import { s3Client } from '../../helpers/s3.ts';
import { s3Origin } from '../../helpers/s3-origin.ts';
import { signedHeaders, type ToSign } from '../../helpers/s3-signed.ts';
import { until } from '../../helpers/until.ts';

const { url, origin, client } = await s3Origin(t);

const Bucket = 'docs';
await client.send(new CreateBucketCommand({ Bucket }));
await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'as it was' }));

const put = (Bucket: string, Key: string, Body: string, by = client) =>
  by.send(new PutObjectCommand({ Bucket, Key, Body }));
const refused = (status: number, name: string) => ({ name, $metadata: { httpStatusCode: status } });
const listed = async (Bucket: string) => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key, ETag, Size }) => `${Key} ${ETag} ${Size}`);
};
const before = await listed(Bucket);

interface Refused extends Partial<ToSign> {
  readonly body?: string;
  /** Changes what is signed. */
  readonly spoil?: (headers: Record<string, string>) => Record<string, string>;
}

async function codeOf({
  body = 'content',
  spoil = (headers) => headers,
  path = `/${Bucket}/a`,
  ...asked
}: Refused) {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  const request = { method: 'PUT', path: escaped, time: origin.clock.now(), ...asked };
  const headers = spoil(await signedHeaders(url, origin.token, request));
  const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`;
  const answer = await ask(url, escaped + query, { method: request.method, headers, body });
  const [, code] = /<Code>(.*?)<\/Code>/.exec(answer.body.toString()) ?? [];
  return `${answer.status} ${code}`;
}

const MINUTE = 60_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const signature = (change: (signature: string) => string) => (headers: Record<string, string>) => ({
  ...headers,
  authorization: (headers.authorization ?? '').replace(/[0-9a-f]{64}$/, change),
});
const unknownToken = (text: string) => text.replace(/Credential=[^/]*/, 'Credential=000000000000');
const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const TRAILED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const decoded = (length: number | string, more = {}) => ({
  'x-amz-decoded-content-length': String(length),
  ...more,
});
const trailer = (value: string) => `7\r\ncontent\r\n0\r\nx-amz-checksum-crc32:${value}\r\n\r\n`;

const cases: readonly (readonly [string, Refused, string])[] = [
  ['a forged signature', { spoil: signature(() => 'f'.repeat(64)) }, '403 SignatureDoesNotMatch'],
  ['a truncated signature', { spoil: signature((text) => text.slice(1)) }, '403 SignatureDoesNotMatch'],
  ['no signature', { spoil: signature(() => '') }, '403 SignatureDoesNotMatch'],
  ['an expired request', { time: origin.clock.now() - 16 * MINUTE }, '403 RequestTimeTooSkewed'],
  ['a request of the future', { time: origin.clock.now() + 60 * MINUTE }, '403 RequestTimeTooSkewed'],
  [
    'an unsigned header',
    { spoil: (headers) => ({ ...headers, 'x-amz-acl': 'private' }) },
    '403 AccessDenied',
  ],
  [
    'an altered header',
    { headers: { 'x-amz-meta-a': '1' }, spoil: (headers) => ({ ...headers, 'x-amz-meta-a': '2' }) },
    '403 SignatureDoesNotMatch',
  ],
  ['another body', { payload: sha256('other') }, '400 XAmzContentSHA256Mismatch'],
  ['a payload of no known kind', { payload: 'SIGNED' }, '400 InvalidArgument'],
  ['a wrong MD5', { headers: { 'content-md5': 'rL0Y20xC+Fzt72VPzMSk2A==' } }, '400 BadDigest'],
  [
    'another configuration of a bucket',
    { path: '/new', payload: sha256('other') },
    '400 XAmzContentSHA256Mismatch',
  ],
  ['no MD5', { headers: { 'content-md5': 'short' } }, '400 InvalidDigest'],
  ['a wrong checksum', { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, '400 BadDigest'],
  ['no checksum', { headers: { 'x-amz-checksum-crc32': 'AA' } }, '400 InvalidRequest'],
  [
    'a wrong checksum in the trailer',
    {
      payload: TRAILED,
      headers: decoded(7, { 'x-amz-trailer': 'x-amz-checksum-crc32' }),
      body: trailer('AAAAAA=='),
    },
    '400 BadDigest',
  ],
  [
    'no trailer',
    {
      payload: TRAILED,
      headers: decoded(7, { 'x-amz-trailer': 'x-amz-checksum-crc32' }),
      body: '7\r\ncontent\r\n0\r\n\r\n',
    },
    '400 InvalidRequest',
  ],
  [
    'a chunk with a forged signature',
    { payload: SIGNED, headers: decoded(7), body: `7;chunk-signature=${'f'.repeat(64)}\r\ncontent\r\n` },
    '403 SignatureDoesNotMatch',
  ],
  [
    'more than the announced length',
    { payload: TRAILED, headers: decoded(3), body: '7\r\ncontent\r\n0\r\n\r\n' },
    '400 IncompleteBody',
  ],
  [
    'less than the announced length',
    { payload: TRAILED, headers: decoded(99), body: '7\r\ncontent\r\n0\r\n\r\n' },
    '400 IncompleteBody',
  ],
  [
    'a chunk of 2^53 bytes',
    { payload: TRAILED, headers: decoded(7), body: '20000000000000\r\ncontent' },
    '400 IncompleteBody',
  ],
  [
    'a length of 2^53',
    { payload: TRAILED, headers: decoded('9007199254740992'), body: '' },
    '411 MissingContentLength',
  ],
  ['a length of 6 GB', { payload: TRAILED, headers: decoded(6 * 1024 ** 3), body: '' }, '400 EntityTooLarge'],
  ['an unknown bucket', { path: '/none/a' }, '404 NoSuchBucket'],
  [
    'an unknown token',
    { spoil: (headers) => ({ ...headers, authorization: unknownToken(headers.authorization ?? '') }) },
    '403 InvalidAccessKeyId',
  ],
  ...['x//a', 'dir/', './a', '../a', 'a\\b', 'a\nb', '.git/config', '.skerry/x'].map(
    (key) => [`the key ${JSON.stringify(key)}`, { path: `/docs/${key}` }, '400 InvalidArgument'] as const,
  ),
  ['a long key', { path: `/docs/${'k'.repeat(1025)}` }, '400 KeyTooLongError'],
];

for (const [name, asked, expected] of cases)
  t.test(`${name} changes nothing`, async (t) => t.equal(await codeOf(asked), expected));

t.test('after all of that, the bucket is as it was', async (t) => {
  t.strictSame(await listed(Bucket), before);
  const asked = { method: 'PUT', path: `/${Bucket}/a`, time: origin.clock.now() };
  const { authorization = '', ...headers } = await signedHeaders(url, origin.token, asked);
  const replayed = () =>
    ask(url, asked.path, { method: 'PUT', headers: { ...headers, authorization }, body: 'x' });
  t.equal((await replayed()).status, 200);
  origin.clock.set(16 * MINUTE);
  t.match(await replayed(), { status: 403, body: /RequestTimeTooSkewed/ }, 'it cannot be replayed later');
  origin.clock.set(0);
});

t.test('XML that is no honest document', async (t) => {
  const documents: readonly (readonly [string, string])[] = [
    ['entities', '<!DOCTYPE d [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'],
    ['depth', `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`],
    ['tags', `<Delete>${'<Object/>'.repeat(110_000)}</Delete>`],
    ['references', `<Delete><Object><Key>${'&amp;'.repeat(110_000)}</Key></Object></Delete>`],
    ['objects', `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`],
    ['nothing', ''],
  ];
  for (const [name, body] of documents)
    t.equal(
      await codeOf({ method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body }),
      '400 MalformedXML',
      name,
    );
  t.equal(
    await codeOf({ method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body: ' '.repeat(2_100_000) }),
    '400 EntityTooLarge',
  );
  t.equal((await listed(Bucket)).length, 1);
});

t.test('a quota is judged at the door, with what is held', async (t) => {
  const Bucket = 'small';
  await client.send(new CreateBucketCommand({ Bucket }));
  const site = await origin.client.site(Bucket);
  const quota = { bytes: 10, files: 3, fileBytes: 8 };
  await origin.client.putSite(Bucket, { policy: { ...site.policy, quota } });
  await put(Bucket, 'a', '1234567');
  await t.rejects(put(Bucket, 'b', '1234'), refused(403, 'QuotaExceeded'));
  await t.rejects(put(Bucket, 'c', '123456789'), refused(403, 'QuotaExceeded'));
  await put(Bucket, 'a', '12345');
  await put(Bucket, 'b', '1234');
  const Key = 'parts';
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = (Body: string, PartNumber = 1, of = { Key, UploadId }) =>
    client.send(new UploadPartCommand({ Bucket, ...of, PartNumber, Body }));
  await t.rejects(part('123456789'), refused(403, 'QuotaExceeded'));
  const large = Buffer.alloc(100_000);
  await client.send(new PutObjectCommand({ Bucket: 'docs', Key: 'large', Body: large }));
  const copy = { Bucket, Key, UploadId, PartNumber: 1, CopySource: 'docs/large' };
  await t.rejects(client.send(new UploadPartCopyCommand(copy)), refused(403, 'QuotaExceeded'));
  await until(
    'the file of the source is closed',
    () => !openFiles().some((path) => path.includes(digestOf(large))),
  );
  await client.send(new DeleteObjectCommand({ Bucket: 'docs', Key: 'large' }));
  await t.rejects(part('1234'), refused(403, 'QuotaExceeded'), 'with what the bucket has, it is too large');
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
  const { ETag } = await part('1234');
  const second = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'second' }));
  const other = { Key: 'second', UploadId: second.UploadId };
  const together = await Promise.allSettled([part('x', 1, other), part('y', 2, other), part('z', 3, other)]);
  const failed = together.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  t.match(failed, [refused(403, 'QuotaExceeded'), refused(403, 'QuotaExceeded')]);
  const { Parts } = await client.send(new ListPartsCommand({ Bucket, ...other }));
  t.match(Parts, [{ Size: 1 }], 'the parts of all uploads count together');
  t.equal(Parts?.length, 1);
  await t.rejects(put(Bucket, 'b', '1'), refused(403, 'QuotaExceeded'), 'an object has no room beside them');
  await client.send(new AbortMultipartUploadCommand({ Bucket, ...other }));
  for (const Key of ['b', 'c']) await put(Bucket, Key, '');
  const complete = () =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key, UploadId },
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
  await t.rejects(complete(), refused(403, 'QuotaExceeded'), 'there are too many objects');
  t.equal((await listed(Bucket)).length, 3);
  // The upload is still there, so the client can make room and complete it, or give it up.
  for (const Key of ['b', 'c']) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await complete();
  await until('a revision', async () => (await origin.client.site(Bucket)).revision || undefined);
  t.match(await origin.client.site(Bucket), { files: 2, bytes: 9 });
});

t.test('a token that expires while its upload is open', async (t) => {
  const { token } = await origin.client.createToken({
    scope: `publish:${Bucket}`,
    expires: 60,
  });
  const short = s3Client(url, token);
  t.teardown(() => short.destroy());
  const Key = 'open';
  const { UploadId } = await short.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'content' };
  const { ETag } = await short.send(new UploadPartCommand(part));
  origin.clock.set(2 * MINUTE);
  const Parts = [{ PartNumber: 1, ETag }];
  const complete = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
  for (const command of [
    new UploadPartCommand(part),
    complete,
    new AbortMultipartUploadCommand({ Bucket, Key, UploadId }),
  ])
    await t.rejects(short.send(command as UploadPartCommand), refused(403, 'InvalidAccessKeyId'));
  origin.clock.set(0);
  t.equal((await client.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length, 1);
  await client.send(complete);
  t.match(await listed(Bucket), [/^a /, /^open "[0-9a-f]{32}-1" 7$/]);
});
