import { pino } from 'pino';
import t, { type Test } from 'tap';
import { Type } from 'typebox';
import { SkerryError } from '../../../../shared/errors.ts';
import { type HttpServerOptions, httpServer } from '../../../../shared/http/http-server.ts';

function serving(t: Test, options: HttpServerOptions) {
  const app = httpServer(pino({ level: 'silent' }), { forceCloseConnections: true, ...options });
  app.get('/thrown', () => {
    throw new SkerryError('unavailable', 'come again', { details: { retryAfter: 7 } });
  });
  app.get('/unknown', () => {
    throw new SkerryError('unauthenticated', 'a token is needed');
  });
  app.get('/fault', () => {
    throw new Error('a fault');
  });
  app.post('/body', { bodyLimit: 8, schema: { body: Type.Object({ a: Type.Integer() }) } }, () => ({}));
  app.get('/part/:part', () => ({}));
  t.teardown(() => app.close());
  const json = { 'content-type': 'application/json' };
  return {
    thrown: () => app.inject('/thrown'),
    unknown: () => app.inject('/unknown'),
    fault: () => app.inject('/fault'),
    'no route': () => app.inject('/none'),
    'another body': () => app.inject({ method: 'POST', url: '/body', headers: json, payload: '{"b":1}' }),
    'too large a body': () =>
      app.inject({ method: 'POST', url: '/body', headers: json, payload: `{"a":${'1'.repeat(20)}}` }),
    'no JSON': () => app.inject({ method: 'POST', url: '/body', headers: json, payload: '{' }),
    'no address': () => app.inject('/part/%zz'),
    'too long a part': () => app.inject(`/part/${'a'.repeat(9000)}`),
  };
}

t.test('every refusal is a problem', async (t) => {
  const refused = serving(t, {});
  for (const [name, ask] of Object.entries(refused)) {
    const answer = await ask();
    t.match(answer.headers, { 'content-type': /^application\/problem\+json/ }, name);
    t.match(answer.json(), { status: answer.statusCode, code: /^[a-z-]+$/, hint: /./ }, name);
  }
  t.match((await refused.thrown()).headers, { 'retry-after': '7' });
  t.equal((await refused.unknown()).headers['www-authenticate'], 'Bearer');
  t.equal((await refused['no address']()).statusCode, 400);
});

t.test('a server may answer them in a form of its own', async (t) => {
  const refused = serving(t, {
    errorForm: ({ code, status }, { url }) => ({
      status: status === 401 ? 403 : status,
      type: 'application/xml',
      headers: { 'x-of': url.slice(0, 20) },
      body: `<Error><Code>${code}</Code></Error>`,
    }),
  });
  for (const [name, ask] of Object.entries(refused)) {
    const answer = await ask();
    t.match(answer.headers, { 'content-type': /^application\/xml/, 'x-of': /^\// }, name);
    t.match(answer.body, /^<Error><Code>[a-z-]+<\/Code><\/Error>$/, name);
  }
  const { statusCode, headers } = await refused.unknown();
  t.equal(statusCode, 403);
  t.equal(headers['www-authenticate'], undefined);
  t.match((await refused.thrown()).headers, { 'retry-after': '7' }, 'when to come again is of every form');
});
