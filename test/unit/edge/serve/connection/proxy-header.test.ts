import t from 'tap';
import { proxyHeader } from '../../../../../edge/serve/connection/proxy-header.ts';

const text = (line: string) => Buffer.from(line, 'latin1');
const SIGNATURE = text('\r\n\r\n\0\r\nQUIT\n');
const LOCAL = 0x20;
const PROXY = 0x21;

/** A header of version 2. `length` is that of the rest unless a test lies about it. */
function binary(command: number, family: number, rest: Buffer, length = rest.length): Buffer {
  const fixed = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

const ipv4 = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0xc7, 0x38, 0x01, 0xbb]);
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0xc7, 0x38, 0x01, 0xbb]),
]);
const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffc0000207', 'hex'), ipv6.subarray(16)]);
const unix = Buffer.alloc(216, '/');
/** A type, a length and a value, as HAProxy and cloud balancers add them. */
const tlv = (type: number, value: Buffer) =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
const tlvs = Buffer.concat([
  tlv(0x01, text('h2')),
  tlv(0xea, Buffer.alloc(300, 1)),
  tlv(0x04, Buffer.alloc(3)),
]);

const valid: readonly (readonly [string, Buffer, string | undefined])[] = [
  ['v1, IPv4', text('PROXY TCP4 192.0.2.7 10.0.0.1 51000 443\r\n'), '192.0.2.7'],
  ['v1, IPv6', text('PROXY TCP6 2001:DB8::7 2001:db8::1 51000 443\r\n'), '2001:db8::7'],
  ['v1, mapped', text('PROXY TCP6 ::ffff:192.0.2.7 ::1 51000 443\r\n'), '192.0.2.7'],
  ['v1, the lowest and the highest port', text('PROXY TCP4 192.0.2.7 10.0.0.1 0 65535\r\n'), '192.0.2.7'],
  ['v1, unknown', text('PROXY UNKNOWN\r\n'), undefined],
  ['v1, unknown, with something', text('PROXY UNKNOWN ffff::1 junk \0 1\r\n'), undefined],
  ['v1, as long as it may be', text(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), undefined],
  ['v2, IPv4', binary(PROXY, 0x11, ipv4), '192.0.2.7'],
  ['v2, IPv6', binary(PROXY, 0x21, ipv6), '2001:db8::7'],
  ['v2, mapped', binary(PROXY, 0x21, mapped), '192.0.2.7'],
  ['v2, IPv4 with TLVs', binary(PROXY, 0x11, Buffer.concat([ipv4, tlvs])), '192.0.2.7'],
  ['v2, IPv6 with TLVs', binary(PROXY, 0x21, Buffer.concat([ipv6, tlvs])), '2001:db8::7'],
  ['v2, as long as it may be', binary(PROXY, 0x11, Buffer.concat([ipv4, Buffer.alloc(4068)])), '192.0.2.7'],
  ['v2, UDP', binary(PROXY, 0x12, ipv4), undefined],
  ['v2, UDP over IPv6', binary(PROXY, 0x22, ipv6), undefined],
  ['v2, UNIX stream', binary(PROXY, 0x31, unix), undefined],
  ['v2, UNIX datagram', binary(PROXY, 0x32, Buffer.concat([unix, tlvs])), undefined],
  ['v2, unspecified', binary(PROXY, 0x00, Buffer.alloc(0)), undefined],
  ['v2, unspecified with TLVs', binary(PROXY, 0x00, tlvs), undefined],
  ['v2, local', binary(LOCAL, 0x00, Buffer.alloc(0)), undefined],
  ['v2, local with addresses', binary(LOCAL, 0x11, ipv4), undefined],
  ['v2, local with a family that nobody knows', binary(LOCAL, 0xff, Buffer.alloc(5)), undefined],
];

for (const [name, header, source] of valid)
  t.test(name, async (t) => {
    for (const rest of ['', 'GET / HTTP/1.1\r\n', '\r\n\r\n', '\x16\x03\x01']) {
      const found = proxyHeader(Buffer.concat([header, text(rest)]));
      t.same(found, { kind: 'whole', bytes: header.length, source });
    }
    for (let end = 0; end < header.length; end++)
      if (proxyHeader(header.subarray(0, end)).kind !== 'incomplete') t.fail(`cut at ${end}`);
  });

const refused: readonly (readonly [string, Buffer])[] = [
  ['a request', text('GET / HTTP/1.1\r\n')],
  ['a TLS handshake', Buffer.from([0x16, 0x03, 0x01])],
  ['another case', text('proxy TCP4 192.0.2.7 10.0.0.1 51000 443\r\n')],
  ['another word', text('PROXIES')],
  ['empty lines and a request', text('\r\n\r\nGET')],
  ...[
    'PROXY',
    'PROXY TCP4',
    'PROXY TCP5 192.0.2.7 10.0.0.1 51000 443',
    'PROXY tcp4 192.0.2.7 10.0.0.1 51000 443',
    'PROXY UNKNOWNS',
    'PROXY unknown',
    'PROXY  TCP4 192.0.2.7 10.0.0.1 51000 443',
    'PROXY TCP4  192.0.2.7 10.0.0.1 51000 443',
    'PROXY TCP4 192.0.2.7 10.0.0.1 51000 443 ',
    'PROXY TCP4 192.0.2.7 10.0.0.1 51000',
    'PROXY TCP4 192.0.2.7 10.0.0.1 51000 443 1',
    'PROXY TCP4 192.0.2.7 10.0.0.1 51000 65536',
    'PROXY TCP4 192.0.2.7 10.0.0.1 051000 443',
    'PROXY TCP4 192.0.2.7 10.0.0.1 -1 443',
    'PROXY TCP4 192.0.2.07 10.0.0.1 51000 443',
    'PROXY TCP4 192.0.2.256 10.0.0.1 51000 443',
    'PROXY TCP4 192.0.2.7 10.0.0 51000 443',
    'PROXY TCP4 2001:db8::7 2001:db8::1 51000 443',
    'PROXY TCP6 192.0.2.7 10.0.0.1 51000 443',
    'PROXY TCP6 2001:db8::7%eth0 2001:db8::1 51000 443',
    'PROXY TCP6 2001:db8::7::1 2001:db8::1 51000 443',
    'PROXY TCP4 192.0.2.7 10.0.0.1 51000 443\n',
  ].map((line) => [JSON.stringify(line), text(`${line}\r\n`)] as const),
  ['v1 without an end', text(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
  ['v1 of 108 bytes', text(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['v2, another version', binary(0x11, 0x11, ipv4)],
  ['v2, a command that nobody knows', binary(0x22, 0x11, ipv4)],
  ['v2, a family that nobody knows', binary(PROXY, 0x41, ipv4)],
  ['v2, a transport that nobody knows', binary(PROXY, 0x13, ipv4)],
  ['v2, too short for IPv4', binary(PROXY, 0x11, ipv4.subarray(1))],
  ['v2, too short for IPv6', binary(PROXY, 0x21, ipv4)],
  ['v2, too short for UNIX', binary(PROXY, 0x31, unix.subarray(1))],
  ['v2, too long', binary(PROXY, 0x11, ipv4, 4081)],
  ['v2, as long as can be said', binary(LOCAL, 0x00, Buffer.alloc(0), 65_535)],
];

for (const [name, bytes] of refused)
  t.test(`refused: ${name}`, async (t) => {
    t.same(proxyHeader(bytes), { kind: 'refused' });
    // However the bytes are cut, they are never taken for a header.
    for (let end = 0; end < bytes.length; end++)
      if (proxyHeader(bytes.subarray(0, end)).kind === 'whole') t.fail(`taken for a header at ${end}`);
  });

t.test('refused as soon as it can be known', async (t) => {
  t.equal(proxyHeader(text('G')).kind, 'refused');
  t.equal(proxyHeader(text('PX')).kind, 'refused');
  t.equal(proxyHeader(text('\r\n\r\n\r')).kind, 'refused');
});
