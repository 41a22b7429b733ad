import t from 'tap';
import { ClientConnections } from '../../../../shared/http/client-connections.ts';

t.test('a client has so many connections, and all have so many', async (t) => {
  const connections = new ClientConnections({ perClient: 2, all: 3 });
  t.ok(connections.admit('1.2.3.4'));
  t.ok(connections.admit('::ffff:1.2.3.4'), 'the same one, over IPv6');
  t.notOk(connections.admit('1.2.3.4'));
  t.ok(connections.admit('2001:db8::1'));
  t.notOk(connections.admit('2001:db8::2'), 'all are taken');
  connections.release('1.2.3.4');
  t.ok(connections.admit('2001:db8::2'));
  connections.release('2001:db8::1');
  t.ok(connections.admit('1.2.3.4'));
  connections.release('1.2.3.4');
  t.ok(connections.admit('9.9.9.9'));
  t.notOk(connections.admit(undefined), 'one without an address is counted too');
});
