import t from 'tap';
import { transportOf } from '../../../../origin/authority/transport.ts';

t.test('beyond loopback, an origin speaks TLS unless somebody else does', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1'])
    t.same(transportOf({ host }), { kind: 'plain' }, `${host} stays plain`);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'origin.example']) {
    t.same(transportOf({ host }), { kind: 'own' }, host);
    t.same(transportOf({ host, insecure: true }), { kind: 'plain' }, `${host} --insecure`);
  }
});

t.test('a given certificate is used everywhere', async (t) => {
  const given = { tlsCert: 'a.crt', tlsKey: 'a.key' };
  for (const host of ['127.0.0.1', '0.0.0.0'])
    t.same(transportOf({ host, ...given }), { kind: 'given', files: { cert: 'a.crt', key: 'a.key' } });
});

t.test('flags that contradict each other', async (t) => {
  const host = '0.0.0.0';
  for (const flags of [{ tlsCert: 'a' }, { tlsKey: 'a' }, { tlsCert: 'a', tlsKey: 'b', insecure: true }])
    t.throws(() => transportOf({ host, ...flags }), { code: 'bad-config' }, JSON.stringify(flags));
});
