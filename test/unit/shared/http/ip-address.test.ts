import t from 'tap';
import { canonicalAddress, parseCidr } from '../../../../shared/http/ip-address.ts';
import { TrustedProxies } from '../../../../shared/http/trusted-proxies.ts';

t.test('every address has one form', async (t) => {
  for (const [text, address] of [
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:0db8::0007', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['::1', '::1'],
  ] as const)
    t.equal(canonicalAddress(text), address, text);
});

t.test('what is no address', async (t) => {
  for (const text of [
    ...['', ' ', 'unknown', 'localhost', '1.2.3', '01.2.3.4', '1.2.3.256', '0x7f.0.0.1', '2130706433'],
    ...['1.2.3.4 ', '1.2.3.4:80', '[::1]', 'fe80::1%eth0', '::1::', '::ffff:1.2.3.4.5', '1.2.3.4\n'],
  ])
    t.equal(canonicalAddress(text), undefined, JSON.stringify(text));
});

t.test('networks', async (t) => {
  t.same(parseCidr('10.0.0.0/8'), { address: '10.0.0.0', prefix: 8, family: 'ipv4' });
  t.same(parseCidr('192.0.2.7'), { address: '192.0.2.7', prefix: 32, family: 'ipv4' });
  t.same(parseCidr('2001:DB8::/32'), { address: '2001:db8::', prefix: 32, family: 'ipv6' });
  t.same(parseCidr('::1'), { address: '::1', prefix: 128, family: 'ipv6' });
  t.same(parseCidr('::ffff:10.0.0.0/104'), { address: '10.0.0.0', prefix: 8, family: 'ipv4' });
  for (const text of [
    ...['', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '10/8'],
    ...['::/129', '::ffff:10.0.0.0/95', 'proxy.example', '10.0.0.0/8 ', '10.0.0.0/1e1'],
  ])
    t.equal(parseCidr(text), undefined, JSON.stringify(text));
});

t.test('who is a trusted proxy', async (t) => {
  const proxies = new TrustedProxies(
    ['10.1.2.3/8', '192.0.2.7', '2001:db8::/32'].flatMap((text) => parseCidr(text) ?? []),
  );
  for (const address of ['10.0.0.1', '10.255.255.255', '192.0.2.7', '2001:db8:ffff::1'])
    t.equal(proxies.has(address), true, address);
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::1', '', 'unknown'])
    t.equal(proxies.has(address), false, address);
  t.equal(new TrustedProxies([]).has('127.0.0.1'), false);
});
