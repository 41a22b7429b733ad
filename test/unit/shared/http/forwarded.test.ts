import t from 'tap';
import { type ForwardedFields, readerBehind } from '../../../../shared/http/forwarded.ts';

/** The peer is a proxy, and so is everything in 10.0.0.0/8 and fd00::/8. */
const PROXY = '10.0.0.1';
const isTrusted = (address: string) => address.startsWith('10.') || address.startsWith('fd00:');
const reader = (fields: ForwardedFields) => readerBehind(PROXY, fields, isTrusted);
const table = (name: string, field: keyof ForwardedFields, rows: readonly (readonly [string, string])[]) =>
  t.test(name, async (t) => {
    for (const [value, address] of rows) t.equal(reader({ [field]: value }).address, address, value);
  });

table('X-Forwarded-For names the reader', 'x-forwarded-for', [
  ['192.0.2.7', '192.0.2.7'],
  ['  192.0.2.7\t', '192.0.2.7'],
  ['192.0.2.7:51000', '192.0.2.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['2001:DB8:0::07', '2001:db8::7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['[2001:db8::7]:51000', '2001:db8::7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['192.0.2.7, 10.0.0.2', '192.0.2.7'],
  ['192.0.2.7,fd00::1,10.0.0.2', '192.0.2.7'],
]);

table('what the reader claims itself does not count', 'x-forwarded-for', [
  ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
  ['10.0.0.9, 192.0.2.7', '192.0.2.7'],
  ['198.51.100.1, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
  ['junk,,, "x", 192.0.2.7', '192.0.2.7'],
  [`${'198.51.100.1,'.repeat(1000)}192.0.2.7`, '192.0.2.7'],
]);

table('a proxy that names nobody speaks for itself', 'x-forwarded-for', [
  ['', PROXY],
  [',', PROXY],
  ['unknown', PROXY],
  ['192.0.2.7, unknown', PROXY],
  ['192.0.2.7, unknown, 10.0.0.2', '10.0.0.2'],
  ['192.0.2.7,', PROXY],
  ['1.2.3.4.5', PROXY],
  ['1.2.3.4:999999', PROXY],
  ['fe80::1%eth0', PROXY],
  ['[2001:db8::7', PROXY],
  ['192.0.2.7\r\nX: y', PROXY],
  ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
]);

t.test('a row of proxies has an end', async (t) => {
  const { address } = reader({ 'x-forwarded-for': `192.0.2.7,${Array(40).fill('10.0.0.2').join()}` });
  t.equal(address, '10.0.0.2');
});

table('Forwarded names the reader', 'forwarded', [
  ['for=192.0.2.7', '192.0.2.7'],
  ['For="192.0.2.7:51000"', '192.0.2.7'],
  ['for="192.0.2.7:_port"', '192.0.2.7'],
  ['for="[2001:db8::7]:51000"', '2001:db8::7'],
  ['for="[::ffff:192.0.2.7]"', '192.0.2.7'],
  ['by=10.0.0.1;for=192.0.2.7;proto=https;host=a.example', '192.0.2.7'],
  ['for=198.51.100.1, for=192.0.2.7;by=10.0.0.2, for=10.0.0.2', '192.0.2.7'],
  ['for=198.51.100.1,for=192.0.2.7', '192.0.2.7'],
  ['for="198.51.100.1, for=10.0.0.5", for=192.0.2.7', '192.0.2.7'],
]);

table('a malformed Forwarded is ignored', 'forwarded', [
  ['', PROXY],
  ['192.0.2.7', PROXY],
  ['for', PROXY],
  ['for=', PROXY],
  ['for=unknown', PROXY],
  ['for=_hidden', PROXY],
  ['proto=https', PROXY],
  ['for=[2001:db8::7]', PROXY],
  ['for="192.0.2.7', PROXY],
  ['for="198.51.100.1, for=192.0.2.7', PROXY],
  ['for=192.0.2.7;;', PROXY],
  ['for = 192.0.2.7', PROXY],
  ['__proto__=192.0.2.7', PROXY],
]);

t.test('when both fields name readers, they must agree', async (t) => {
  const both = (forwarded: string, listed: string) =>
    reader({ forwarded, 'x-forwarded-for': listed }).address;
  t.equal(both('for=192.0.2.7', '192.0.2.7'), '192.0.2.7');
  t.equal(
    both('for=198.51.100.1', '192.0.2.7'),
    PROXY,
    'the proxy wrote one of them, and the reader the other',
  );
  t.equal(both('malformed', '192.0.2.7'), PROXY);
  t.equal(both('for="[2001:db8::7]"', '2001:DB8::7'), '2001:db8::7');
});

t.test('the scheme is that of the reader', async (t) => {
  const scheme = (fields: ForwardedFields) => reader(fields).scheme;
  t.equal(scheme({}), undefined);
  t.equal(scheme({ 'x-forwarded-proto': 'https' }), 'https');
  t.equal(scheme({ 'x-forwarded-proto': 'HTTP' }), 'http');
  t.equal(scheme({ 'x-forwarded-proto': 'http, https' }), 'https', 'the nearest proxy is believed');
  t.equal(scheme({ 'x-forwarded-proto': ['http', 'https'] }), 'https');
  t.equal(scheme({ 'x-forwarded-proto': 'gopher' }), undefined);
  t.equal(scheme({ forwarded: 'for=192.0.2.7;proto=https' }), 'https');
  t.equal(
    scheme({ forwarded: 'for=192.0.2.7;proto=https, for=10.0.0.2;proto=http' }),
    'https',
    'of the hop that the reader made',
  );
  t.equal(scheme({ forwarded: 'for=192.0.2.7', 'x-forwarded-proto': 'https' }), 'https');
});
