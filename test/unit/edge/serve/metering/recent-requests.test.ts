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

t.test('it keeps so many requests, and no long requests', async (t) => {
  const recent = new RecentRequests();
  for (let i = 0; i < 1000; i++) recent.note('docs', `/${i}`, 'docs.example', undefined);
  const kept = recent.of('docs').map(({ target }) => target);
  t.equal(kept.length, 256);
  t.ok(kept.includes('/999') && kept.includes('/744') && !kept.includes('/743'));
  recent.note('long', `/${'x'.repeat(500)}`, 'long.example', undefined);
  t.strictSame(recent.of('long'), []);
});

t.test('more sites than it keeps, all of them busy, do not evict one another', async (t) => {
  const recent = new RecentRequests();
  for (let round = 0; round < 300; round++)
    for (let i = 0; i < 60; i++) recent.note(`site-${i}`, `/${round}`, 'x.example', undefined);
  const counts = Array.from({ length: 60 }, (_, i) => recent.of(`site-${i}`).length);
  t.ok(counts.filter((count) => count === 256).length >= 45, 'nearly all that were kept first');
});

t.test('a site without requests makes way for a busy one', async (t) => {
  const recent = new RecentRequests();
  const busy = () => {
    for (let i = 0; i < 50; i++) if (i !== 7) recent.note(`site-${i}`, '/', 'x.example', undefined);
  };
  recent.note('site-7', '/', 'x.example', undefined);
  for (let round = 0; round < 1023; round++) {
    busy();
    recent.note('new', '/', 'new.example', undefined);
  }
  t.strictSame(recent.of('new'), [], 'a few requests are not enough');
  recent.note('new', '/', 'new.example', undefined);
  t.equal(recent.of('new').length, 1);
  t.strictSame(recent.of('site-7'), [], 'the one that nobody asked for');
  t.equal(recent.of('site-8').length, 256);
});
