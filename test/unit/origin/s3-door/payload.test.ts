import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { Incoming } from '../../../../origin/s3-door/payload/incoming.ts';
import type { Signer } from '../../../../origin/s3-door/signing/authenticate.ts';

/** An error with this code of S3. */
const fault = (s3: string) => ({ code: 'bad-request', s3 });

/** The example of the documentation of S3: 66,560 times the letter a, in three signed chunks. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
const SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
] as const;

const signer = (payload: string): Signer => ({
  token: { id: 'x', scope: 'admin', scopes: ['admin'], secretHash: Buffer.alloc(32) },
  secret: SECRET,
  claim: {
    ...{ kind: 'header', token: 'x', region: 'us-east-1', time: Date.UTC(2013, 4, 24), payload },
    ...{ scope: '20130524/us-east-1/s3/aws4_request', signedHeaders: new Set(['host']), signature: SEED },
    expires: undefined,
  },
});

const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const TRAILED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const chunk = (content: string, signature?: string) =>
  `${content.length.toString(16)}${signature === undefined ? '' : `;chunk-signature=${signature}`}\r\n${content}\r\n`;

/** The bytes in pieces of a length, as a network may deliver them. */
async function* pieces(text: string | Buffer, length: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function received(
  payload: string,
  headers: Record<string, string>,
  body: string | Buffer,
  piece = 997,
) {
  const incoming = new Incoming(pieces(body, piece), headers, signer(payload));
  const bytes = await buffer(incoming.bytes());
  return { incoming, bytes };
}

const chunks = ['a'.repeat(65_536), 'a'.repeat(1024)] as const;
const signedBody =
  chunk(chunks[0], SIGNATURES[0]) + chunk(chunks[1], SIGNATURES[1]) + chunk('', SIGNATURES[2]);
const decoded = { 'x-amz-decoded-content-length': '66560' };

t.test('signed chunks', async (t) => {
  for (const piece of [11, 1000, 100_000]) {
    const { bytes, incoming } = await received(SIGNED, decoded, signedBody, piece);
    t.equal(bytes.toString(), chunks.join(''), `in pieces of ${piece}`);
    t.equal(incoming.etag(), createHash('md5').update(bytes).digest('hex'));
  }
  const forged = signedBody.replace('aaaa', 'aaab');
  const swapped =
    chunk(chunks[1], SIGNATURES[1]) + chunk(chunks[0], SIGNATURES[0]) + chunk('', SIGNATURES[2]);
  for (const [name, body, s3] of [
    ['a changed byte', forged, 'SignatureDoesNotMatch'],
    ['chunks in another order', swapped, 'SignatureDoesNotMatch'],
    ['a missing chunk', chunk(chunks[0], SIGNATURES[0]) + chunk('', SIGNATURES[2]), 'SignatureDoesNotMatch'],
    ['no signature', chunk('abc'), 'SignatureDoesNotMatch'],
    ['the end is missing', signedBody.slice(0, -120), 'IncompleteBody'],
    ['something after the end', `${signedBody}x`, 'IncompleteBody'],
    ['a line that does not end', `1${'0'.repeat(5000)}`, 'IncompleteBody'],
    ['a size that is no number', 'xyz\r\n', 'IncompleteBody'],
    ['a size beyond all limits', 'ffffffffffffffff\r\n', 'IncompleteBody'],
  ] as const)
    await t.rejects(received(SIGNED, decoded, body), fault(s3), name);
  await t.rejects(
    received(SIGNED, { 'x-amz-decoded-content-length': '66559' }, signedBody),
    fault('IncompleteBody'),
  );
  await t.rejects(
    received(SIGNED, { 'x-amz-decoded-content-length': '66561' }, signedBody),
    fault('IncompleteBody'),
  );
  await t.rejects(received(SIGNED, {}, signedBody), fault('MissingContentLength'));
});

t.test('checksums in trailers and headers', async (t) => {
  const sums = {
    crc32: 'NhCmhg==',
    crc32c: 'mnG7TA==',
    crc64nvme: 'M3eFcAZSQlc=',
    sha1: createHash('sha1').update('hello').digest('base64'),
    sha256: createHash('sha256').update('hello').digest('base64'),
  };
  const length = { 'x-amz-decoded-content-length': '5' };
  const plain = { 'content-length': '5' };
  for (const [algorithm, value] of Object.entries(sums)) {
    const name = `x-amz-checksum-${algorithm}`;
    const trailed = `5\r\nhello\r\n0\r\n${name}:${value}\r\n\r\n`;
    const { incoming } = await received(TRAILED, { ...length, 'x-amz-trailer': name }, trailed, 3);
    t.strictSame(incoming.checksum(), { algorithm, value, type: 'FULL_OBJECT' });
    t.match((await received('UNSIGNED-PAYLOAD', { ...plain, [name]: value }, 'hello')).incoming.checksum(), {
      value,
    });
    await t.rejects(received('UNSIGNED-PAYLOAD', { ...plain, [name]: value }, 'hallo'), fault('BadDigest'));
    await t.rejects(
      received(TRAILED, { ...length, 'x-amz-trailer': name }, trailed.replace('hello', 'hallo')),
      fault('BadDigest'),
    );
    await t.rejects(
      received('UNSIGNED-PAYLOAD', { ...plain, [name]: 'short' }, 'hello'),
      fault('InvalidRequest'),
    );
    await t.rejects(
      received(TRAILED, { ...length, 'x-amz-trailer': name }, '5\r\nhello\r\n0\r\n\r\n'),
      fault('InvalidRequest'),
    );
  }
  const md5 = createHash('md5').update('hello').digest('base64');
  await received('UNSIGNED-PAYLOAD', { ...plain, 'content-md5': md5 }, 'hello');
  await t.rejects(
    received('UNSIGNED-PAYLOAD', { ...plain, 'content-md5': md5 }, 'hallo'),
    fault('BadDigest'),
  );
  await t.rejects(
    received('UNSIGNED-PAYLOAD', { ...plain, 'content-md5': 'x' }, 'hello'),
    fault('InvalidDigest'),
  );
  const two = { ...plain, 'x-amz-checksum-sha1': sums.sha1, 'x-amz-checksum-crc32': sums.crc32 };
  await t.rejects(received('UNSIGNED-PAYLOAD', two, 'hello'), fault('InvalidRequest'));
  await t.rejects(
    received('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', plain, 'hello'),
    fault('NotImplemented'),
  );
  await t.rejects(received('nonsense', plain, 'hello'), fault('InvalidArgument'));
});

t.test('random bytes in random pieces', async (t) => {
  const content = randomBytes(50_000);
  const parts = [content.subarray(0, 7), content.subarray(7, 40_000), content.subarray(40_000)];
  const body = Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
    Buffer.from('0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n'),
  ]);
  const headers = { 'x-amz-decoded-content-length': '50000' };
  for (const piece of [13, 64, 8191])
    t.ok((await received(TRAILED, headers, body, piece)).bytes.equals(content));
});
