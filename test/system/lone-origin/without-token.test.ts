import t from 'tap';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);
const status = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  (await ask(origin.url, path, { method, headers })).status;

t.test('health and the description of the API are told without a token, and nothing else', async (t) => {
  for (const path of ['/healthz', '/readyz', '/openapi.json'])
    t.equal(await status(path, { host: 'origin.example', 'x-forwarded-for': '192.0.2.1' }), 200, path);
  const { paths } = JSON.parse((await ask(origin.url, '/openapi.json')).body.toString());
  const routes = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{[^}]*\}/g, '1')] as const),
  );
  t.ok(routes.length > 20, `${routes.length} routes`);
  for (const [method, path] of routes) t.equal(await status(path, {}, method), 401, `${method} ${path}`);
});

t.test('metrics are told on loopback without a token, but to no page and through no proxy', async (t) => {
  t.equal(await status('/metrics'), 200);
  t.equal(await status('/metrics', { host: 'rebound.example' }), 421);
  t.equal(await status('/metrics', { 'x-forwarded-for': '192.0.2.1' }), 401);
  t.equal(await status('/metrics', { via: '1.1 proxy' }), 401);
  const authorization = `Bearer ${origin.token}`;
  const proxied = { host: 'origin.example', 'x-forwarded-for': '192.0.2.1' };
  t.equal(await status('/metrics', { ...proxied, authorization }), 200);
  t.equal(
    await status('/metrics', { authorization: 'Bearer sk_other' }),
    401,
    'one that is sent has to be right',
  );
});
