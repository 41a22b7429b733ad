import t from 'tap';
import { RecentRequests } from '../../../../../edge/serve/metering/recent-requests.ts';

t.test('the last requests of each site', async (t) => {
  const recent = new RecentRequests();
  t.strictSame(recent.of('docs'), []);
  recent.note('docs', '/a', 'docs.example', undefined);
  recent.note('shop', '/b', 'shop.example', 'https://shop.example/');
  t.strictSame(recent.of('docs'), [{ target: '/a', host: 'docs.example', referer: undefined }]);
  t.strictSame(recent.of('shop'), [{ target: '/b', host: 'shop.example', referer: 'https://shop.example/' }]);
});

t.test('it keeps so many requests, and so many sites, and no long requests', async (t) => {
  const recent = new RecentRequests();
  for (let i = 0; i < 1000; i++) recent.note('docs', `/${i}`, 'docs.example', undefined);
  const kept = recent.of('docs').map(({ target }) => target);
  t.equal(kept.length, 256);
  t.ok(kept.includes('/999') && kept.includes('/744') && !kept.includes('/743'));
  recent.note('long', `/${'x'.repeat(500)}`, 'long.example', undefined);
  t.strictSame(recent.of('long'), []);
  for (let i = 0; i < 50; i++) recent.note(`site-${i}`, '/', 'x.example', undefined);
  t.strictSame(recent.of('docs'), [], 'the oldest site');
  t.equal(recent.of('site-0').length, 1);
});
