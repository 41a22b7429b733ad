import { createPublicKey, verify } from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import t from 'tap';
import {
  claimedProof,
  isProvenBy,
  receiverText,
  requestProof,
} from '../../../../shared/wire/request-proof.ts';
import { edgeKey, LOG, originKey } from '../fixed-keys.ts';

const edge = { name: 'oslo-1', key: edgeKey };
const nonce = 'AAECAwQFBgcICQoLDA0ODw';
const bundle = {
  method: 'POST',
  target: '/feed/v1/bundle',
  to: receiverText(LOG, null),
  nonce,
  body: '{"objects":"MgokAE9kmphtYGgYClxxDA"}',
};
const records = {
  method: 'GET',
  target: '/feed/v1/records?from=3',
  to: receiverText(LOG, 'bergen-1'),
  nonce,
};

t.test('the proof is the frozen one', async (t) => {
  t.strictSame(requestProof(edge, bundle), {
    'skerry-to': '0123456789abcdef0123456789abcdef origin',
    'content-digest': 'sha-256=:WXMOVLpJvb819Dx9B98cXPqsxRq4zrN/hbziT4kicgE=:',
    'signature-input':
      'skerry=("@method" "@path" "@query" "skerry-to" "content-digest")' +
      ';keyid="oslo-1";nonce="AAECAwQFBgcICQoLDA0ODw";tag="skerry-feed-1"',
    signature:
      'skerry=:VKVqvv3KqAS4WFUlTtLtffopz4sd/lhPd2lGl++smYlqCfNMOezqt3HglbcNqCZkkrc246/CNxCOduE4TPclDQ==:',
  });
});

t.test('who is asked reads it, and checks it', async (t) => {
  for (const request of [bundle, records, { ...records, range: 'bytes=0-9' }]) {
    const headers = { ...requestProof(edge, request), ...('range' in request && { range: request.range }) };
    const claim = claimedProof({ ...request, headers });
    if (claim === undefined) return t.fail('it is no proof');
    t.match(claim, { name: 'oslo-1', nonce, to: request.to });
    t.ok(isProvenBy(claim, edgeKey.publicKey));
    t.notOk(isProvenBy(claim, originKey.publicKey));
    t.notOk(isProvenBy({ ...claim, signature: Buffer.from('short') }, edgeKey.publicKey));
  }
});

t.test('another implementation of RFC 9421 agrees', async (t) => {
  const key = createPublicKey(edgeKey.privateKey);
  for (const request of [bundle, records]) {
    const url = `http://anywhere.test${request.target}`;
    const message = { method: request.method, url, headers: requestProof(edge, request) };
    const verified = await httpbis.verifyMessage(
      {
        keyLookup: async ({ keyid }) => ({
          id: String(keyid),
          verify: async (data, signature) => verify(null, data, key, signature),
        }),
        requiredFields: ['@method', '@path', '@query', 'skerry-to'],
        requiredParams: ['keyid', 'nonce', 'tag'],
      },
      message,
    );
    t.equal(verified, true, request.target);
  }
});

t.test('what is no proof, or leaves something out', async (t) => {
  const headers = requestProof(edge, bundle);
  const { 'content-digest': digest, ...rest } = headers;
  const input = String(headers['signature-input']);
  const table: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['a bearer token', { authorization: 'Bearer sk_00112233aabb.AAAA' }],
    ['no receiver', { ...headers, 'skerry-to': undefined as never }],
    ['no signature', { ...headers, signature: '' }],
    ['a signature that is no bytes', { ...headers, signature: 'skerry="x"' }],
    ['another label', { ...headers, signature: String(headers.signature).replace('skerry', 'other') }],
    ['two signatures', { ...headers, signature: `${headers.signature}, b=:AA==:` }],
    ['two inputs', { ...headers, 'signature-input': `${input}, b=("@method")` }],
    ['no list', { ...headers, 'signature-input': 'skerry="x"' }],
    ['no structure', { ...headers, 'signature-input': '(((' }],
    ['less covered', { ...headers, 'signature-input': input.replace(' "@query"', '') }],
    ['one thing twice', { ...headers, 'signature-input': input.replace('"@query"', '"@path"') }],
    [
      'a component with parameters',
      { ...headers, 'signature-input': input.replace('"@path"', '"@path";req') },
    ],
    ['more covered', { ...headers, 'signature-input': input.replace('"@path"', '"@path" "host"') }],
    ['another tag', { ...headers, 'signature-input': input.replace('skerry-feed-1', 'skerry-feed-2') }],
    ['no tag', { ...headers, 'signature-input': input.replace(';tag="skerry-feed-1"', '') }],
    ['no nonce', { ...headers, 'signature-input': input.replace(`;nonce="${nonce}"`, '') }],
    ['a name that is no text', { ...headers, 'signature-input': input.replace('"oslo-1"', '1') }],
    ['a range beside it', { ...headers, range: 'bytes=0-1' }],
    ['a body without its digest', { ...rest, 'content-length': '5' }],
    ['a body of unknown length without its digest', { ...rest, 'transfer-encoding': 'chunked' }],
    ['a digest of another kind', { ...headers, 'content-digest': String(digest).replace('sha-256', 'md5') }],
    ['a digest that is too short', { ...headers, 'content-digest': 'sha-256=:AAAA:' }],
  ];
  for (const [what, altered] of table)
    t.equal(claimedProof({ ...bundle, headers: altered }), undefined, what);
  t.ok(claimedProof({ ...bundle, headers: { ...headers, 'content-length': '36' } }));
});

t.test('each thing that is covered counts', async (t) => {
  const headers: Record<string, string> = {
    ...requestProof(edge, { ...bundle, range: 'bytes=0-9' }),
    range: 'bytes=0-9',
  };
  const table: [string, Partial<typeof bundle>, Record<string, string>][] = [
    ['the method', { method: 'PUT' }, {}],
    ['the path', { target: '/feed/v1/bundles' }, {}],
    ['the query', { target: '/feed/v1/bundle?a' }, {}],
    ['the receiver', {}, { 'skerry-to': receiverText(LOG, 'bergen-1') }],
    ['the body', {}, { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` }],
    ['the range', {}, { range: 'bytes=0-10' }],
    [
      'the nonce',
      {},
      { 'signature-input': String(headers['signature-input']).replace(nonce, 'B'.repeat(22)) },
    ],
  ];
  for (const [what, request, fields] of table) {
    const claim = claimedProof({ ...bundle, ...request, headers: { ...headers, ...fields } });
    if (claim === undefined) return t.fail(`${what}: it is no proof`);
    t.notOk(isProvenBy(claim, edgeKey.publicKey), what);
  }
});
