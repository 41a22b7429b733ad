import t from 'tap';
import { privateAddress } from '../../../../../origin/events/webhooks/public-address.ts';
import { checkedUrl } from '../../../../../origin/events/webhooks/webhook-url.ts';

t.test('only addresses of the public internet are public', async (t) => {
  for (const address of ['93.184.215.14', '1.1.1.1', '2606:4700::1111', '::ffff:1.1.1.1'])
    t.equal(privateAddress(address), undefined, address);
  for (const address of [
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '100.127.255.255', '192.0.2.1', '224.0.0.1', '255.255.255.255'],
    ...['198.18.0.1', '240.0.0.1', '192.0.0.8', '::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1'],
    ...['ff02::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1', '64:ff9b::a00:1', '2002:a00:1::1'],
    ...['2001::1', '2001:db8::1', '::7f00:1', 'fec0::1', '4000::1', '64:ff9b:1::1', 'nonsense', ''],
  ])
    t.type(privateAddress(address), 'string', address);
});

t.test('what an address of a webhook may be', async (t) => {
  const strict = { allowHttp: false, allowPrivate: false };
  for (const url of ['https://example.com/a?b', 'https://1.1.1.1:8443/', 'https://[2606:4700::1111]/'])
    t.equal(checkedUrl(url, strict).href, url);
  for (const url of [
    ...['http://example.com/', 'ftp://example.com/', 'example.com', '', 'https://user:secret@example.com/'],
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://127.1/', 'https://[::1]/'],
    ...['https://[::ffff:10.0.0.1]/', 'https://169.254.169.254/latest/', 'https://10.0.0.1/', 'https://0/'],
  ])
    t.throws(() => checkedUrl(url, strict), { code: 'bad-webhook' }, url);
  t.throws(() => checkedUrl('http://1.1.1.1/', { ...strict, allowPrivate: true }), { code: 'bad-webhook' });
  t.ok(checkedUrl('http://1.1.1.1/', { ...strict, allowHttp: true }));
  t.throws(() => checkedUrl('http://127.0.0.1/', { ...strict, allowHttp: true }), { code: 'bad-webhook' });
  t.ok(checkedUrl('http://127.0.0.1/', { allowHttp: true, allowPrivate: true }));
});
