import t from 'tap';
import { checkedDomain } from '../../../../origin/domains/domain-name.ts';

t.test('domains that a site may have', async (t) => {
  for (const domain of [
    'docs.example',
    'www.docs.example.com',
    '*.docs.example.com',
    '*.b.test',
    '*.example.co.uk',
    'example.co.uk',
    'me.github.io',
    '*.me.github.io',
    'nas',
    'nas.internal',
    '*.nas.internal',
    'xn--bcher-kva.example',
    '_acme.example.com',
    'localhost.example.com',
  ])
    t.equal(checkedDomain(domain), domain);
  t.equal(checkedDomain('Docs.Example'), 'docs.example');
});

t.test('what no site may have', async (t) => {
  const table: [string, RegExp][] = [
    ['', /not a domain/],
    ['https://a.example', /not a domain/],
    ['a.example:80', /not a domain/],
    ['a..example', /not a domain/],
    ['*', /not a domain/],
    ['*.', /not a domain/],
    ['a.*.example', /not a domain/],
    ['*.*.example', /not a domain/],
    ['a\nb.example', /not a domain/],
    ['com', /public suffix/],
    ['co.uk', /public suffix/],
    ['CO.UK', /public suffix/],
    ['github.io', /public suffix/],
    ['*.com', /public suffix/],
    ['*.co.uk', /public suffix/],
    ['*.github.io', /public suffix/],
    ['*.test', /top-level/],
    ['*.internal', /top-level/],
    ['*.ck', /public suffix|top-level/],
    ['*.kobe.jp', /public suffix/],
    ['x.kobe.jp', /public suffix/],
    ['localhost', /by themselves/],
    ['*.localhost', /by themselves/],
    ['docs.localhost', /by themselves/],
    ['a.docs.localhost', /by themselves/],
    ['*.docs.localhost', /by themselves/],
  ];
  for (const [domain, message] of table)
    t.throws(() => checkedDomain(domain), { code: 'bad-domain', message }, domain);
});
