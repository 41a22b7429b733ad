import { Readable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { FailedAttempts } from '../../../../origin/access/failed-attempts.ts';
import type { ApiContext } from '../../../../origin/api/context.ts';
import { fileRoutes } from '../../../../origin/api/files.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import type { HttpServer } from '../../../../shared/http/server.ts';
import { secretHash } from '../../../../shared/wire/join-proof.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';

const SECRET = 's'.repeat(32);
const ID = '0123456789ab';

t.test('HEAD of a file tells of it and reads nothing of it', async (t) => {
  const clock = turnedClock();
  let opened = 0;
  const bytes = Buffer.from('content');
  const entry = { digest: digestOf('content'), size: bytes.length, type: 'text/plain' };
  const token = {
    id: ID,
    secretHash: secretHash(SECRET),
    scope: 'admin',
    revoked: false,
    expires: null,
    usedBy: null,
  };
  const file = {
    entry,
    open: async () => {
      opened++;
      return Readable.from([bytes]);
    },
  };
  const context = {
    clock,
    attempts: new FailedAttempts(clock),
    tokenUse: { used: () => {} },
    catalog: { token: async () => token },
    files: { get: async () => file },
  } as unknown as ApiContext;
  const app = httpServer(pino({ level: 'silent' }), { clock, forceCloseConnections: true });
  app.decorateRequest('token', null);
  fileRoutes(app as HttpServer, context);
  t.teardown(() => app.close());
  const headers = { authorization: `Bearer sk_${ID}.${SECRET}` };
  const ask = (method: 'GET' | 'HEAD') => app.inject({ method, url: '/v1/sites/a/files/x.txt', headers });
  const expected = { 'content-length': 7, etag: `"${entry.digest}"`, 'content-type': 'text/plain' };
  const head = await ask('HEAD');
  t.equal(head.statusCode, 200);
  t.match(head.headers, { ...expected, 'content-length': /^7$/ });
  t.equal(opened, 0);
  t.equal((await ask('GET')).body, 'content');
  t.equal(opened, 1);
});
