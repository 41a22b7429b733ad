import t from 'tap';
import { ByteLog } from '../../../../bin/example/byte-log.ts';

t.test('counts what has passed since a moment', async (t) => {
  const log = new ByteLog();
  t.equal(log.since(0), 0);
  log.add(100, 1000);
  log.add(20, 1500);
  log.add(3, 2000);
  t.equal(log.since(0), 123);
  t.equal(log.since(1001), 23);
  t.equal(log.since(2001), 0);
});

t.test('keeps a minute, however much passes', async (t) => {
  const log = new ByteLog();
  for (let at = 0; at < 120_000; at++) log.add(1, at);
  t.equal(log.since(100_000), 20_000, 'in slots, none of which is lost');
  const kept = log.since(0);
  t.ok(kept >= 60_000 && kept <= 60_040, `${kept} of 120000`);
});

t.test('a clock that is put back takes nothing away', async (t) => {
  const log = new ByteLog();
  log.add(1, 5000);
  log.add(2, 1000);
  t.equal(log.since(5000), 3);
});
