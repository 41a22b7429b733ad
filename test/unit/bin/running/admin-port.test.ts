import { join } from 'node:path';
import t from 'tap';
import { adminPort } from '../../../../bin/running/admin-port.ts';

t.test(
  'the token of an admin port goes to this machine, or over TLS, or where that is said to be well',
  async (t) => {
    const data = t.testdir({ 'edge-admin-token': 'ska_local\n', other: 'ska_named\n' });
    const adminToken = `@${join(data, 'other')}`;
    const near = 'http://127.0.0.1:7599';
    const far = 'http://10.0.0.1:7599';
    t.match(await adminPort({ admin: near, data }), { token: 'ska_local' });
    t.match(await adminPort({ admin: near, data, adminToken }), { token: 'ska_named' });
    t.match(await adminPort({ admin: near, data: join(data, 'none') }), { token: undefined });
    t.match(await adminPort({ admin: far, data }), { token: undefined }, 'it is of another edge');
    await t.rejects(adminPort({ admin: far, data, adminToken }), { code: 'clear-text' });
    t.match(await adminPort({ admin: far, data, adminToken, insecure: true }), { token: 'ska_named' });
    t.match(await adminPort({ admin: 'https://edge.example', data, adminToken }), { token: 'ska_named' });
    await t.rejects(adminPort({ admin: 'edge:7599', data }), { code: 'bad-config' });
  },
);
