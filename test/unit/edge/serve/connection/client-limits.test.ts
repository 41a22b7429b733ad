import t from 'tap';
import { ClientLimits } from '../../../../../edge/serve/connection/client-limits.ts';

t.test('connections of one client', async (t) => {
  const limits = new ClientLimits({ connections: 2, requestsPerSecond: null });
  t.ok(limits.admit('10.0.0.1'));
  t.ok(limits.admit('::ffff:10.0.0.1'), 'the same client');
  t.notOk(limits.admit('10.0.0.1'));
  t.ok(limits.admit('10.0.0.2'));
  limits.release('10.0.0.1');
  t.ok(limits.admit('10.0.0.1'));
  t.notOk(limits.admit('10.0.0.1'));
});

t.test('an IPv6 client is its /64', async (t) => {
  const limits = new ClientLimits({ connections: 1, requestsPerSecond: null });
  t.ok(limits.admit('2001:db8::1'));
  t.notOk(limits.admit('2001:db8:0:0:ffff::2'));
  t.ok(limits.admit('2001:db8:0:1::1'));
  t.ok(limits.admit('::1'));
  t.notOk(limits.admit('::2'));
  t.ok(limits.admit('fe80::1:2:3:4'));
});

t.test('requests of one client: a second of them at once, then as time goes', async (t) => {
  const limits = new ClientLimits({ connections: 1, requestsPerSecond: 2 });
  const allowed = (...times: number[]) => times.map((now) => limits.allows('a', now));
  t.same(allowed(0, 0, 0, 100, 499, 500, 501, 999, 1000), [
    true,
    true,
    false,
    false,
    false,
    true,
    false,
    false,
    true,
  ]);
  t.same(allowed(60_000, 60_000, 60_000), [true, true, false], 'no more than that is saved up');
  t.ok(limits.allows('b', 0));
});

t.test('without a rate all are allowed', async (t) => {
  const limits = new ClientLimits({ connections: 1, requestsPerSecond: null });
  t.notOk(limits.hasRate);
  for (let i = 0; i < 100; i++) t.ok(limits.allows('a', 0));
});

t.test('a rate below one request a second', async (t) => {
  const limits = new ClientLimits({ connections: 1, requestsPerSecond: 0.5 });
  t.same(
    [0, 0, 1999, 2000, 2001].map((now) => limits.allows('a', now)),
    [true, false, false, true, false],
  );
});
