import t from 'tap';
import { tarOf } from '../../helpers/archives.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { type LoneOrigin, loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const SITE = 'narrow';
const TAR = await tarOf({ 'blog/d.html': 'd' });
const DAY = 86_400_000;

async function tokenFor({ client }: LoneOrigin, scope: string, expires?: number) {
  const { token, id } = await client.createToken({ scope, ...(expires !== undefined && { expires }) });
  return { token, id };
}

const asking =
  ({ url }: LoneOrigin, token: string) =>
  async (method: string, path: string, body?: string | Buffer | object) => {
    const json = typeof body === 'object' && !Buffer.isBuffer(body);
    const answer = await ask(url, path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(json && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : body }),
    });
    const text = answer.body.toString();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };

type Asking = ReturnType<typeof asking>;

/** Deploys one object under these paths, which replace the whole site unless there is a base. */
async function deploy(send: Asking, paths: readonly string[], base?: number, commit: object = {}) {
  const bytes = 'the same bytes';
  const digest = sha256(bytes);
  const files = Object.fromEntries(paths.map((path) => [path, { digest, size: bytes.length }]));
  const made = await send('POST', `/v1/sites/${SITE}/deploys`, {
    ...(base !== undefined && { base }),
    files,
  });
  if (made.status !== 200) return made;
  await send('PUT', `/v1/sites/${SITE}/objects/${digest}`, bytes);
  return send('POST', `/v1/deploys/${made.body.id}/commit`, commit);
}

t.test('a token for a folder changes nothing else', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite(SITE);
  await origin.put(SITE, 'index.html', 'one');
  const { token: folderToken } = await tokenFor(origin, `publish:${SITE}/blog/`);
  const send = asking(origin, folderToken);
  const files = `/v1/sites/${SITE}/files`;
  t.equal((await send('PUT', `${files}/blog/a.html`, 'a')).status, 200);
  t.equal((await send('DELETE', `${files}/blog/a.html`)).status, 200);
  for (const path of ['index.html', 'blogger.html', 'blog', 'blog%2f..%2findex.html'])
    t.not((await send('PUT', `${files}/${path}`, 'x')).status, 200, path);
  const { revision } = await origin.client.site(SITE);
  t.match(await deploy(send, ['blog/b.html'], revision), { status: 200, body: { outcome: 'live' } });
  const refused: [name: string, paths: string[], base: number | undefined, commit: object, status: number][] =
    [
      ['a whole tree', ['blog/c.html'], undefined, {}, 403],
      ['another path beside', ['blog/c.html', 'index.html'], revision + 1, {}, 403],
      [
        'an older base, which would undo what others did',
        ['blog/c.html'],
        revision,
        { onConflict: 'replace' },
        412,
      ],
      ['a draft', ['blog/c.html'], revision + 1, { alias: 'pr-1' }, 403],
    ];
  for (const [name, paths, base, commit, status] of refused)
    t.equal((await deploy(send, paths, base, commit)).status, status, name);
  for (const [method, path, body] of [
    ['PUT', `/v1/sites/${SITE}`, { policy: { mode: 'sync' } }],
    ['POST', `/v1/sites/${SITE}/rollback`, {}],
    ['POST', `/v1/sites/${SITE}/activate`, { revision: 1 }],
    ['POST', `/v1/sites/${SITE}/purge`, { all: true }],
    ['PUT', `/v1/sites/${SITE}/aliases/pr-1`, { revision: 1 }],
  ] as const)
    t.equal((await send(method, path, body)).status, 403, `${method} ${path}`);
  const tar = await ask(origin.url, `/v1/sites/${SITE}/archive`, {
    ...{ method: 'PUT', headers: { authorization: `Bearer ${folderToken}` } },
    body: TAR,
  });
  t.equal(tar.status, 403, 'an archive is a whole tree');
  t.equal((await origin.client.site(SITE)).revision, revision + 1, 'nothing of that changed the site');
});

t.test('a token for a folder purges in it alone', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite(SITE);
  const { token } = await tokenFor(origin, `publish:${SITE}/blog/2026 new/,publish:${SITE}/docs/`);
  const purge = async (body: object) =>
    (await asking(origin, token)('POST', `/v1/sites/${SITE}/purge`, body)).status;
  const within = [
    'docs/a.html',
    '/docs/b/c.css',
    '/docs/*',
    '/docs/*.css',
    '/docs/:page',
    '/blog/2026%20new/*',
  ];
  for (const path of within) t.equal(await purge({ paths: [path] }), 200, path);
  t.equal(await purge({ paths: within }), 200);
  const beyond = [
    'index.html',
    'docs',
    'docs.html',
    '/doc*',
    '/*',
    '/*/docs/',
    '/:folder/a',
    '/blog/*',
    '/d%6fcs*',
  ];
  for (const path of beyond) {
    t.equal(await purge({ paths: [path] }), 403, path);
    t.equal(await purge({ paths: [...within, path] }), 403, `${path} among others`);
  }
  for (const body of [{ all: true }, { tags: ['a'] }, { paths: ['docs/a.html'], tags: ['a'] }])
    t.equal(await purge(body), 403, JSON.stringify(body));
  t.equal(await purge({ paths: ['docs/../index.html'] }), 400);
  const aliases = await tokenFor(origin, `publish:${SITE}@pr-*`);
  const other = await tokenFor(origin, 'publish:other/docs/');
  for (const narrow of [aliases, other]) {
    const send = asking(origin, narrow.token);
    t.equal((await send('POST', `/v1/sites/${SITE}/purge`, { paths: ['docs/a.html'] })).status, 403);
  }
});

t.test('a token for aliases publishes drafts there alone', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite(SITE);
  await origin.put(SITE, 'index.html', 'one');
  const send = asking(origin, (await tokenFor(origin, `publish:${SITE}@pr-*`)).token);
  t.match(await deploy(send, ['a.html'], undefined, { alias: 'pr-1' }), {
    status: 200,
    body: { outcome: 'draft', alias: { name: 'pr-1', hosts: [`pr-1--${SITE}.localhost`] } },
  });
  t.equal((await deploy(send, ['a.html'], undefined, { alias: 'next' })).status, 403);
  t.equal((await deploy(send, ['a.html'], undefined, { draft: true })).status, 403);
  t.equal((await deploy(send, ['a.html'])).status, 403);
  const archive = (query: string) => send('PUT', `/v1/sites/${SITE}/archive${query}`, TAR);
  t.match(await archive('?alias=pr-2'), { status: 200, body: { outcome: 'draft', alias: { name: 'pr-2' } } });
  for (const query of ['', '?alias=next', '?draft=true']) t.equal((await archive(query)).status, 403, query);
  t.equal((await send('POST', `/v1/sites/${SITE}/activate`, { alias: 'pr-1' })).status, 403);
  t.equal((await send('PUT', `/v1/sites/${SITE}/aliases/next`, { revision: 1 })).status, 403);
  t.equal((await send('DELETE', `/v1/sites/${SITE}/aliases/pr-1`)).status, 204);
  t.equal((await origin.client.site(SITE)).revision, 1);
});

t.test('a token for reading reads one site', async (t) => {
  const origin = await loneOrigin(t);
  for (const site of [SITE, 'other']) {
    await origin.client.putSite(site);
    await origin.put(site, 'index.html', 'one');
  }
  const send = asking(origin, (await tokenFor(origin, `read:${SITE}`)).token);
  t.equal((await send('GET', `/v1/sites/${SITE}`)).status, 200);
  t.equal((await send('GET', '/v1/sites/other')).status, 403);
  t.match(await send('GET', '/v1/sites'), { body: { sites: [{ name: SITE }] } });
  t.equal((await send('PUT', `/v1/sites/${SITE}/files/a`, 'a')).status, 403);
  t.equal((await send('GET', '/v1/log')).status, 403);
});

t.test('a token replaces itself, and shows when it was used', async (t) => {
  const origin = await loneOrigin(t);
  const old = await tokenFor(origin, 'read', 90 * 86_400);
  const other = await tokenFor(origin, 'read');
  const send = asking(origin, old.token);
  t.equal((await send('POST', `/v1/tokens/${other.id}/rotate`, {})).status, 403, 'no other token');
  const { status, body } = await send('POST', `/v1/tokens/${old.id}/rotate`, { overlap: 3600 });
  t.equal(status, 200);
  const next = asking(origin, String(body.token));
  t.equal((await next('GET', '/v1/log')).status, 200);
  t.equal((await send('GET', '/v1/log')).status, 200);
  origin.clock.advance(3_600_000);
  t.equal((await send('GET', '/v1/log')).status, 401);
  t.equal((await next('GET', '/v1/log')).status, 200);
  const used = async (id: string) => (await origin.client.tokens()).find((token) => token.id === id)?.used;
  await until('the use to be noted', async () => typeof (await used(String(body.id))) === 'number');
});

t.test('an alias that expires is removed from the log', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite(SITE);
  await origin.put(SITE, 'index.html', 'one');
  const send = asking(origin, origin.token);
  await send('PUT', `/v1/sites/${SITE}/aliases/pr-1`, { revision: 1, expires: 86_400 });
  await send('PUT', `/v1/sites/${SITE}/aliases/pr-2`, { revision: 1 });
  origin.clock.advance(DAY);
  await until('the record of the removal', async () => {
    const { records } = await origin.client.log(1, 1000);
    return records.some(
      ({ kind, revision, payload }) => kind === 'alias' && revision === 0 && payload.includes('pr-1'),
    );
  });
  t.match(await send('GET', `/v1/sites/${SITE}/aliases`), { body: { aliases: [{ name: 'pr-2' }] } });
  const told = await until('its event', async () => {
    const { body } = await send('GET', '/v1/events?kind=alias-expired');
    const { events } = body as { events: unknown[] };
    return events.length > 0 && events;
  });
  t.match(told, [{ kind: 'alias-expired', site: SITE }]);
  for (const body of [{ revision: 99 }, { revision: 1, expires: 1 }, {}])
    t.ok([400, 404].includes((await send('PUT', `/v1/sites/${SITE}/aliases/pr-3`, body)).status));
  for (const body of [{}, { revision: 1, alias: 'pr-2' }, { alias: 'pr-1' }])
    t.ok([400, 404].includes((await send('POST', `/v1/sites/${SITE}/activate`, body)).status));
});
