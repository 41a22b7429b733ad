import t from 'tap';
import { ByteCache } from '../../../../shared/process/byte-cache.ts';

const kib = (count: number) => Buffer.alloc(count * 1024);
const sizeOf = (bytes: Buffer) => bytes.length;

t.test('gives what was set, until it is deleted', async (t) => {
  const cache = new ByteCache<string, Buffer>({ bytes: 10_000, sizeOf });
  const [first, second] = [kib(1), kib(1)];
  t.equal(cache.get('a'), undefined);
  cache.set('a', first);
  t.equal(cache.get('a'), first);
  cache.set('a', second);
  t.equal(cache.get('a'), second);
  cache.delete('a');
  cache.delete('never there');
  t.equal(cache.get('a'), undefined);
  t.equal(cache.bytes, 0);
});

t.test('what was not asked for longest makes room', async (t) => {
  const cache = new ByteCache<string, Buffer>({ bytes: 4 * 1024, sizeOf });
  for (const key of ['a', 'b', 'c']) cache.set(key, kib(1));
  cache.get('a');
  cache.set('d', kib(1));
  t.same(
    ['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined),
    ['a', 'c', 'd'],
  );
});

t.test('stays within its bytes, whatever the values', async (t) => {
  const cache = new ByteCache<string, Buffer>({ bytes: 50_000, sizeOf });
  for (let i = 0; i < 1000; i++) {
    cache.set(`key ${i % 300}`, Buffer.alloc((i * 7919) % 20_000));
    t.ok(cache.bytes <= 50_000);
  }
});

t.test('values of no bytes are not free', async (t) => {
  const cache = new ByteCache<string, object>({ bytes: 10_000, sizeOf: () => 0 });
  for (let i = 0; i < 1000; i++) cache.set(`${i}`, {});
  const held = Array.from({ length: 1000 }, (_, i) => cache.get(`${i}`)).filter(Boolean);
  t.ok(held.length > 10 && held.length < 100, `${held.length} are held`);
});

t.test('a value above the largest is not kept, nor what it was to replace', async (t) => {
  const cache = new ByteCache<string, Buffer>({ bytes: 100_000, largest: 2048, sizeOf });
  cache.set('a', kib(1));
  cache.set('b', kib(1));
  cache.set('a', kib(2));
  t.equal(cache.get('a'), undefined);
  t.ok(cache.get('b'), 'the others stay');
});

t.test('a value above all bytes leaves the others alone', async (t) => {
  const cache = new ByteCache<string, Buffer>({ bytes: 4096, sizeOf });
  cache.set('a', kib(1));
  cache.set('b', kib(4));
  t.equal(cache.get('b'), undefined);
  t.ok(cache.get('a'));
});
