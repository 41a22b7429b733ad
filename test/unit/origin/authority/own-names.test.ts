import t from 'tap';
import { isHostName, ownNames } from '../../../../origin/authority/own-names.ts';

t.test('names and addresses, each once and in order', async (t) => {
  t.same(ownNames('0.0.0.0', 'box', ['10.0.0.5', '127.0.0.1', 'fe80::1%eth0']), {
    dns: ['box', 'localhost'],
    addresses: ['10.0.0.5', '127.0.0.1', '::1', 'fe80::1'],
  });
  t.same(ownNames('Origin.Example', 'box', []).dns, ['box', 'localhost', 'origin.example']);
  t.same(ownNames('10.0.0.9', 'not a name', []), {
    dns: ['localhost'],
    addresses: ['10.0.0.9', '127.0.0.1', '::1'],
  });
});

t.test('which texts are host names', async (t) => {
  for (const name of ['a', 'a-b.example', 'x1.y2.z3', `${'a'.repeat(63)}.b`]) t.ok(isHostName(name), name);
  for (const text of ['', '.', 'a..b', '-a', 'a-', 'a_b', '*.a', 'A', '10.0.0.1', '::1', `${'a'.repeat(64)}`])
    t.notOk(isHostName(text), text);
});
