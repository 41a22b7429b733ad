import t from 'tap';
import { tarOf } from '../../helpers/archives.ts';
import { cli } from '../../helpers/cli.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);
const { client } = origin;
const SITE = 'limited';
const env = { SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token };
const exceeded = (quota: string) => ({ status: 413, body: { code: 'quota-exceeded', quota } });

async function send(method: string, path: string, body: string | Buffer, token = origin.token) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await ask(origin.url, path, { method, body, headers });
  const text = answer.body.toString();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

const filesOf = (tree: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(tree).map(([path, content]) => [path, { digest: sha256(content), size: content.length }]),
  );
const archive = async (tree: Record<string, string>) =>
  send('PUT', `/v1/sites/${SITE}/archive`, await tarOf(tree));

t.test('a quota is a setting for admins', async (t) => {
  await client.putSite(SITE);
  const flags = ['--max-bytes', '10', '--max-files', '3', '--max-file-bytes', '6'];
  const set = await cli(['sites', 'set', SITE, ...flags], env);
  t.equal(set.code, 0, set.stderr);
  t.strictSame((await client.site(SITE)).policy.quota, { bytes: 10, files: 3, fileBytes: 6 });
  const { token } = await client.createToken({ scope: `publish:${SITE}` });
  const raised = JSON.stringify({ policy: { quota: { bytes: 1000 } } });
  t.match(await send('PUT', `/v1/sites/${SITE}`, raised, token), {
    status: 403,
    body: { code: 'forbidden' },
  });
  t.match(await send('PUT', `/v1/sites/${SITE}`, '{"policy":{"quota":{"bytes":-1}}}'), { status: 400 });
});

t.test('what exceeds a quota is refused at the door, and changes nothing', async (t) => {
  t.match(await archive({ a: '123', b: '456' }), { status: 200, body: { revision: 1 } });
  const head = (await client.status()).origin.seq;
  t.match(await archive({ a: '1234567' }), exceeded('fileBytes'));
  t.match(await archive({ a: '123456', b: '123456' }), exceeded('bytes'));
  t.match(await archive({ a: '1', b: '2', c: '3', d: '4' }), exceeded('files'));
  const deploy = (body: object) => send('POST', `/v1/sites/${SITE}/deploys`, JSON.stringify(body));
  t.match(await deploy({ files: filesOf({ a: '1234567' }) }), exceeded('fileBytes'));
  t.match(await deploy({ files: filesOf({ a: '123456', b: '12345' }) }), exceeded('bytes'));
  t.match(await deploy({ files: filesOf({ a: '', b: '', c: '', d: '' }) }), exceeded('files'));
  t.match(await origin.put(SITE, 'c', '1234567'), exceeded('fileBytes'));
  t.match(await origin.put(SITE, 'c', '12345'), exceeded('bytes'));
  t.match(
    await send('PUT', `/v1/sites/${SITE}/objects/${sha256('1234567')}`, '1234567'),
    exceeded('fileBytes'),
  );
  const change = await deploy({ base: 1, files: filesOf({ c: '123', d: '4' }) });
  t.equal(change.status, 200, 'a change is judged by its result');
  for (const content of ['123', '4'])
    t.match(await send('PUT', `/v1/sites/${SITE}/objects/${sha256(content)}`, content), { status: 204 });
  t.match(await send('POST', `/v1/deploys/${change.body.id}/commit`, '{}'), exceeded('files'));
  t.equal((await client.status()).origin.seq, head);
});

t.test('what fits is published', async (t) => {
  t.match(await origin.put(SITE, 'c', '1234'), { status: 200, body: { revision: 2 } }, 'exactly the quota');
  t.match(await origin.put(SITE, 'd', ''), exceeded('files'));
  t.match(
    await origin.put(SITE, 'c', '123'),
    { status: 200, body: { revision: 3 } },
    'the old file does not count',
  );
});

t.test('a quota that is lowered lets a site become smaller, and be rolled back', async (t) => {
  await client.putSite(SITE, { policy: { quota: { bytes: 4, files: null, fileBytes: null } } });
  t.match(await origin.put(SITE, 'd', '1'), exceeded('bytes'));
  t.match(await origin.put(SITE, 'c', '1'), { status: 200, body: { revision: 4 } });
  t.match(await origin.post(`/v1/sites/${SITE}/rollback`, { to: 2 }), { status: 200, body: { revision: 5 } });
  await client.putSite(SITE, { policy: { quota: { bytes: null } } });
  t.match(await origin.put(SITE, 'd', '1'), { status: 200 });
});
