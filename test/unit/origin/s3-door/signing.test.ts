import t from 'tap';
import { targetOf } from '../../../../origin/s3-door/protocol/target.ts';
import { claimOf } from '../../../../origin/s3-door/signing/claim.ts';
import { signAgain } from '../../../../origin/s3-door/signing/sign-again.ts';

/** An error with this code of S3. */
const fault = (s3: string) => ({ code: 'bad-request', s3 });

/** The examples of the documentation of S3. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const HOST = 'examplebucket.s3.amazonaws.com';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

interface Signed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function signature({ method, url, headers }: Signed) {
  const target = targetOf(url, headers.host ?? '');
  const claim = claimOf(target, headers);
  const rawHeaders = Object.entries(headers).flat();
  return { claim, again: await signAgain({ method, rawHeaders }, target, claim, SECRET) };
}

const authorization = (signed: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${signed},Signature=${signature}`;

const signed: readonly (Signed & { readonly name: string })[] = [
  {
    name: 'GET with a range',
    method: 'GET',
    url: '/test.txt',
    headers: {
      host: HOST,
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization: authorization(
        'host;range;x-amz-content-sha256;x-amz-date',
        'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      ),
    },
  },
  {
    name: 'a parameter without a value',
    method: 'GET',
    url: '/?lifecycle',
    headers: {
      host: HOST,
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
    },
  },
  {
    name: 'PUT with a Date, and another header that has this word as its value',
    method: 'PUT',
    url: '/test%24file.text',
    headers: {
      'x-sorted-by': 'date',
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      host: HOST,
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      authorization: authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    },
  },
  {
    name: 'a listing',
    method: 'GET',
    url: '/?max-keys=2&prefix=J',
    headers: {
      host: HOST,
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    },
  },
  {
    name: 'a presigned URL',
    method: 'GET',
    url: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(CREDENTIAL)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    headers: { host: HOST },
  },
];

for (const request of signed)
  t.test(request.name, async (t) => {
    const { claim, again } = await signature(request);
    t.equal(again, claim.signature);
    const other = await signature({ ...request, method: 'DELETE' });
    t.not(other.again, claim.signature, 'another method has another signature');
    const elsewhere = await signature({ ...request, url: request.url.replace('/', '/x') });
    t.not(elsewhere.again, claim.signature, 'another path has another signature');
  });

t.test('what is not signed as it should be', (t) => {
  const claims = (url: string, headers: Record<string, string>) => () =>
    claimOf(targetOf(url, 'localhost'), headers);
  const good = { 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': EMPTY };
  const auth = (text: string) => ({ ...good, authorization: text });
  for (const [headers, s3] of [
    [{}, 'AccessDenied'],
    [auth(''), 'AccessDenied'],
    [auth('AWS nonsense'), 'InvalidArgument'],
    [auth('AWS id:signature'), 'InvalidRequest'],
    [auth('AWS4-HMAC-SHA256'), 'InvalidRequest'],
    [auth('AWS4-HMAC-SHA256 '), 'AuthorizationHeaderMalformed'],
    [
      auth('AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x'),
      'AuthorizationHeaderMalformed',
    ],
    [auth(`AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host`), 'AuthorizationHeaderMalformed'],
    [
      auth(`AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=range, Signature=x`),
      'AuthorizationHeaderMalformed',
    ],
    [{ authorization: authorization('host', 'x'), 'x-amz-date': 'today' }, 'AccessDenied'],
    [
      { authorization: authorization('host', 'x'), 'x-amz-date': '20130524T000000Z' },
      'MissingSecurityHeader',
    ],
  ] as const)
    t.throws(claims('/docs/a', headers), fault(s3), JSON.stringify(headers));
  t.throws(
    claims('/docs/a?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256', {}),
    fault('AuthorizationQueryParametersError'),
  );
  t.throws(
    claims('/docs/a?X-Amz-Algorithm=AWS4-HMAC-SHA256', auth('AWS4-HMAC-SHA256 x')),
    fault('InvalidArgument'),
  );
  t.throws(claims('/docs/a?AWSAccessKeyId=x&Signature=y', {}), fault('InvalidRequest'));
  t.end();
});

t.test('addresses', (t) => {
  for (const [url, host, bucket, key] of [
    ['/', '127.0.0.1:7480', undefined, undefined],
    ['/docs', '127.0.0.1:7480', 'docs', undefined],
    ['/docs/', 'cdn.example.org', 'docs', undefined],
    ['/docs/a/b%2Fc%20d', 'cdn.example.org', 'docs', 'a/b/c d'],
    ['/docs/a+b', 'localhost', 'docs', 'a+b'],
    ['/a/b', 'docs.localhost:7480', 'docs', 'a/b'],
    ['/', 'docs.s3.example.org', 'docs', undefined],
    ['/docs/a', 's3.example.org', 'docs', 'a'],
    ['/docs//a', 'localhost', 'docs', '/a'],
  ] as const)
    t.match(targetOf(url, host), { bucket, key }, `${host}${url}`);
  t.throws(() => targetOf('/docs/%ff', 'localhost'), fault('InvalidURI'));
  t.strictSame(
    [...targetOf('/docs?a=1%2B1&b&c=x+y&a=2', '').query],
    [
      ['a', '1+1'],
      ['b', ''],
      ['c', 'x y'],
    ],
  );
  t.end();
});
