import t from 'tap';
import {
  cameThroughProxy,
  requireLocalHost,
  requireSameSite,
} from '../../../../shared/http/local-request.ts';

t.test('hosts that are answered, and others', async (t) => {
  const names = new Set(['edge-1.internal']);
  for (const host of [
    'localhost',
    'LOCALHOST:7599',
    '127.0.0.1',
    '127.9.8.7:1',
    '[::1]',
    '[::1]:7599',
    'edge-1.internal:80',
  ])
    t.doesNotThrow(() => requireLocalHost({ host }, names), host);
  const foreign = [
    ...[
      undefined,
      '',
      'rebound.example',
      'localhost.example',
      '127.0.0.1.example',
      '10.0.0.1',
      '127.1',
      '0.0.0.0',
    ],
    ...[
      '[::2]',
      '[::1',
      '::1',
      'localhost:x',
      'localhost:1:2',
      'a@localhost',
      'localhost, b.example',
      'other.internal',
    ],
  ];
  for (const host of foreign)
    t.throws(
      () => requireLocalHost(host === undefined ? {} : { host }, names),
      { code: 'foreign-host' },
      `${host}`,
    );
});

t.test('signs of a proxy', async (t) => {
  for (const name of [
    'forwarded',
    'via',
    'x-real-ip',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-anything',
  ])
    t.equal(cameThroughProxy({ host: 'localhost', [name]: '' }), true, name);
  t.equal(cameThroughProxy({ host: 'localhost', 'user-agent': 'x', 'x-other': 'y' }), false);
});

t.test('requests from pages', async (t) => {
  const host = '127.0.0.1:7599';
  for (const headers of [
    {},
    { origin: `http://${host}` },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-origin' },
  ])
    t.doesNotThrow(() => requireSameSite({ host, ...headers }), JSON.stringify(headers));
  const foreign = [
    { origin: 'http://a.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:8080' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign)
    t.throws(() => requireSameSite({ host, ...headers }), { code: 'cross-site' }, JSON.stringify(headers));
});
