import t from 'tap';
import { Decoder } from '../../../../../edge/serve/hpack/decoder.ts';
import { staticFields } from '../../../../../edge/serve/hpack/dynamic-table.ts';
import { encodeFields } from '../../../../../edge/serve/hpack/encoder.ts';
import { HpackError } from '../../../../../edge/serve/hpack/hpack-error.ts';
import { random } from '../../../../helpers/random.ts';

const kindOf = () => 0;
const decoder = (mostListBytes = 65_536) =>
  new Decoder({ kindOf, staticFields: staticFields(kindOf), mostListBytes });
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
function decode(one: Decoder<number>, bytes: Buffer): string[] {
  return one.decode(bytes, 0, bytes.length).map(({ name, value }) => `${name}: ${value}`);
}

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND = [...FIRST, 'cache-control: no-cache'];
const THIRD = [
  ...[':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'],
  'custom-key: custom-value',
];

t.test('RFC 7541, C.2: representations', (t) => {
  for (const [hex, field] of [
    ['400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header'],
    ['040c2f73616d706c652f70617468', ':path: /sample/path'],
    ['100870617373776f726406736563726574', 'password: secret'],
    ['82', ':method: GET'],
  ] as const)
    t.strictSame(decode(decoder(), bytesOf(hex)), [field]);
  t.end();
});

t.test('RFC 7541, C.3 and C.4: requests on one connection, without and with Huffman', (t) => {
  for (const blocks of [
    ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865'],
    ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf'],
  ]) {
    const one = decoder();
    const isPlain = blocks[0]?.includes('7777772e');
    const third = isPlain
      ? '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'
      : '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf';
    t.strictSame(
      [...blocks, third].map((hex) => decode(one, bytesOf(hex))),
      [FIRST, SECOND, THIRD],
    );
  }
  t.end();
});

t.test('RFC 7541, C.6: responses that fill a table of 256 bytes', (t) => {
  const one = decoder();
  const [first, second, third] = [
    // The table is made smaller first.
    `3fe101 4882640258 85aec3771a4b 6196d07abe941054d444a8200595040b8166e082a62d1bff
     6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
    '4883640effc1c0bf',
    `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960
     d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
  ].map((hex) => decode(one, bytesOf(hex)));
  t.strictSame(first, [
    ...[':status: 302', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT'],
    'location: https://www.example.com',
  ]);
  t.equal(second?.[0], ':status: 307');
  t.strictSame(third?.slice(-2), [
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ]);
  t.end();
});

t.test('malformed blocks', (t) => {
  for (const [name, hex, reason] of [
    ['2.3.3: an index beyond both tables', 'be', /no entry/],
    ['6.1: index 0', '80', /no entry/],
    ['4.2: a size update after a field', '8220', /between two fields/],
    ['6.3: a size that was not announced', '3fe21f', /larger than announced/],
    ['5.1: an integer that is cut off', 'ff', /cut off/],
    ['5.1: an integer that is too large', 'ffffffffffffffff7f', /too large/],
    ['5.2: a string that is cut off', '400161', /cut off/],
    ['5.2: a string that is longer than the block', '4001610a62', /cut off/],
    ['5.2: padding of more than seven bits', '400161821fff', /padding/],
    ['5.2: padding with zeros', '4001618118', /padding/],
    ['5.2: the end of a string inside it', '40016184ffffffff', /its end/],
  ] as const) {
    let thrown: unknown;
    try {
      decode(decoder(), bytesOf(hex));
    } catch (error) {
      thrown = error;
    }
    t.ok(thrown instanceof HpackError, name);
    t.match(String(thrown), reason, name);
  }
  t.end();
});

t.test('what is encoded means the same when it is decoded, whatever it is', (t) => {
  const round = random(7);
  for (let i = 0; i < 300; i++) {
    const value = Array.from({ length: round.below(i) }, () =>
      String.fromCharCode(round.below(2) === 0 ? 0x20 + round.below(0x5f) : round.below(256)),
    ).join('');
    const fields = [
      [':status', round.pick(['200', '304', '418'])],
      [`x-${'n'.repeat(round.below(200))}`, value],
      ['content-type', 'text/html; charset=utf-8'],
    ] as const;
    const block = encodeFields(fields);
    t.strictSame(
      decode(decoder(), block),
      fields.map(([name, text]) => `${name}: ${text}`),
    );
  }
  t.end();
});

t.test(
  'a list beyond its limit is measured, but not kept, and one far beyond it is not even decoded',
  (t) => {
    const one = decoder(5000);
    const long = encodeFields([['x', 'a'.repeat(4000)]]);
    // Indexed, so that one byte stands for it later.
    decode(one, Buffer.concat([Buffer.of(0x40), long.subarray(1)]));
    t.equal(decode(one, Buffer.alloc(4, 0xbe)).length, 1);
    t.equal(one.listBytes, 4 * (1 + 4000 + 32));
    t.strictSame(decode(one, Buffer.of(0x82)), [':method: GET'], 'the table is as before');
    t.throws(() => decode(one, Buffer.alloc(10_000, 0xbe)), /far too many fields/);
    t.equal(one.listBytes, 5 * (1 + 4000 + 32));
    t.end();
  },
);
