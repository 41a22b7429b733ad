import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { asHeader } from '../../../origin/s3-door/protocol/header-text.ts';
import { ask } from '../../helpers/http.ts';
import { type SentForm, signedForm } from '../../helpers/s3-form.ts';
import { s3Origin } from '../../helpers/s3-origin.ts';

const { url, origin, client } = await s3Origin(t);

const Bucket = 'forms';
await client.send(new CreateBucketCommand({ Bucket }));

const conditions = [
  { bucket: Bucket },
  ['starts-with', '$key', 'up/'],
  ['starts-with', '$Content-Type', 'text/'],
  ['content-length-range', 2, 20],
];
const later = () => new Date(origin.clock.now() + 60_000).toISOString();
const allowing = (...more: unknown[]) => ({ expiration: later(), conditions: [...conditions, ...more] });
const usual = { key: `up/$\{filename}`, 'Content-Type': 'text/plain' };

async function post(form: Partial<SentForm>, token = origin.token) {
  const sent = signedForm(token, { policy: allowing(), fields: usual, file: 'content', ...form });
  const { status, body, headers } = await ask(url, `/${Bucket}`, sent);
  const [, code] = /<Code>(.*?)<\/Code>/.exec(body.toString()) ?? [];
  return { status, headers, code, text: body.toString() };
}

t.test('a browser uploads a file with a signed form', async (t) => {
  for (const isV4 of [false, true]) {
    const ofSignature = isV4
      ? [
          ['starts-with', '$x-amz-algorithm', ''],
          ['starts-with', '$x-amz-credential', ''],
        ]
      : [];
    const policy = allowing(
      ...ofSignature,
      ['starts-with', '$x-amz-meta-by', ''],
      ['starts-with', '$tagging', ''],
    );
    const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
    const fields = { ...usual, 'X-Amz-Meta-By': 'Žofie', tagging, 'x-ignore-me': 'x' };
    t.match(await post({ isV4, policy, fields }), { status: 204, headers: { location: '/forms/up/a.txt' } });
    const { Body, ...rest } = await client.send(new GetObjectCommand({ Bucket, Key: 'up/a.txt' }));
    t.equal(await Body?.transformToString(), 'content');
    t.match(rest, { ContentType: 'text/plain', Metadata: { by: asHeader('Žofie') }, TagCount: 1 });
  }
  const answers = (name: string, value: string) =>
    post({ policy: allowing(['eq', `$${name}`, value]), fields: { ...usual, [name]: value } });
  t.match(await answers('success_action_status', '201'), { status: 201, text: '<Key>up/a.txt</Key>' });
  const { status, headers } = await answers('success_action_redirect', 'https://example.org/done?x=1');
  t.equal(status, 303);
  t.match(headers.location, 'https://example.org/done?x=1&bucket=forms&key=up%2Fa.txt&etag=%22');
  const odd = await answers('success_action_redirect', 'https://example.org/é\r\nx: y');
  t.match(odd.headers.location, 'https://example.org/%C3%A9x:%20y?bucket=forms');
});

t.test('a form that its signer did not allow changes nothing', async (t) => {
  const { token } = await origin.client.createToken({ scope: 'publish:forms/elsewhere/' });
  const key = (key: string) => ({ ...usual, key });
  const refused: readonly [Partial<SentForm>, string][] = [
    [{ fields: key('other') }, 'AccessDenied'],
    [{ fields: { ...usual, 'x-amz-meta-extra': 'x' } }, 'AccessDenied'],
    [{ fields: { 'Content-Type': 'text/plain', key: 'up/x', signature: 'AAAA' } }, 'SignatureDoesNotMatch'],
    [{ fields: { ...usual, AWSAccessKeyId: 'none' } }, 'InvalidAccessKeyId'],
    [{ policy: { expiration: new Date(0).toISOString(), conditions } }, 'AccessDenied'],
    [{ policy: { expiration: later(), conditions: conditions.slice(1) } }, 'AccessDenied'],
    [{ policy: { expiration: 'soon', conditions } }, 'InvalidPolicyDocument'],
    [{ policy: { expiration: '2099-99-01T00:00:00Z', conditions } }, 'InvalidPolicyDocument'],
    [{ policy: { expiration: later(), conditions: [{}] } }, 'InvalidPolicyDocument'],
    [
      { policy: { expiration: later(), conditions: [['content-length-range', -1, 0]] } },
      'InvalidPolicyDocument',
    ],
    [{ file: 'x' }, 'EntityTooSmall'],
    [{ file: 'x'.repeat(21) }, 'EntityTooLarge'],
    [{ file: undefined }, 'InvalidArgument'],
    [{ fields: key('up/../a') }, 'InvalidArgument'],
    ...Object.entries({ 'x-amz-meta-a b': 'x', 'x-amz-meta-a': '1\r\n2', Expires: 'a\nb' }).map(
      ([name, value]): [Partial<SentForm>, string] => [
        { policy: allowing(['eq', `$${name}`, value]), fields: { ...usual, [name]: value } },
        'InvalidArgument',
      ],
    ),
    [
      { fields: { ...usual, acl: 'public-read-write' }, policy: allowing({ acl: 'public-read-write' }) },
      'NotImplemented',
    ],
    [{ fields: { ...usual, 'x-ignore-long': 'x'.repeat(30_000) } }, 'MalformedPOSTRequest'],
    [{ spoil: (body) => body.replace(/--\r\n$/, '') }, 'MalformedPOSTRequest'],
    [{ spoil: (body) => body.slice(0, body.indexOf('content') + 4) }, 'MalformedPOSTRequest'],
    [
      { spoil: (body) => body.replace('content', 'x'.repeat(300_000)).replace('name="file"', 'name="a"') },
      'MalformedPOSTRequest',
    ],
    [{ spoil: () => 'no form' }, 'MalformedPOSTRequest'],
  ];
  for (const [form, code] of refused) {
    const answer = await post({ ...form, fields: form.fields ?? key('up/refused') });
    t.equal(answer.code, code, `${JSON.stringify(form).slice(0, 100)} ${answer.text.slice(-300)}`);
  }
  t.equal((await post({ fields: key('up/refused') }, token)).code, 'AccessDenied');
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  t.strictSame(
    Contents.map(({ Key }) => Key),
    ['up/a.txt'],
  );
  await t.rejects(client.send(new HeadObjectCommand({ Bucket, Key: 'up/refused' })));
});
