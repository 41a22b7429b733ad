import t from 'tap';
import { digestOf } from '../../../shared/content/digest.ts';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);
const { client } = origin;
const [here, there] = ['here', 'there'].map((content) => ({ content, digest: digestOf(content) }));
if (here === undefined || there === undefined) throw new Error('two contents are two');

async function call(method: string, path: string, token = origin.token) {
  const answer = await ask(origin.url, path, { method, headers: { authorization: `Bearer ${token}` } });
  const text = answer.body.toString();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

async function begin(site: string): Promise<string> {
  const files = Object.fromEntries(
    [here, there].map((file) => [file?.content, { digest: file?.digest, size: file?.content.length }]),
  );
  return String((await origin.post(`/v1/sites/${site}/deploys`, { files })).body.id);
}

t.test('an open deploy tells what is missing, also after a restart', async (t) => {
  await client.putSite('shown');
  const id = await begin('shown');
  const shown = { id, site: 'shown', base: null, committed: null };
  t.strictSame(await call('GET', `/v1/deploys/${id}`), {
    status: 200,
    body: { ...shown, missing: [here.digest, there.digest].sort() },
  });
  await client.putObject('shown', here.digest, Buffer.from(here.content), here.content.length);
  await origin.restart();
  t.match(await call('GET', `/v1/deploys/${id}`), { status: 200, body: { missing: [there.digest] } });
  await client.putObject('shown', there.digest, Buffer.from(there.content), there.content.length);
  await client.commit(id, {});
  t.match(await call('GET', `/v1/deploys/${id}`), { body: { ...shown, committed: 1, missing: [] } });
});

t.test('a deploy that is given up is gone', async (t) => {
  await client.putSite('given-up');
  const id = await begin('given-up');
  t.equal((await call('DELETE', `/v1/deploys/${id}`)).status, 204);
  for (const method of ['GET', 'DELETE'])
    t.match(await call(method, `/v1/deploys/${id}`), { status: 404, body: { code: 'no-such-deploy' } });
  t.match(await origin.post(`/v1/deploys/${id}/commit`), { status: 404 });
});

t.test('only those who may publish to a site see its deploys or give them up', async (t) => {
  await client.putSite('mine');
  const id = await begin('mine');
  for (const scope of ['publish:theirs', 'read'] as const) {
    const { token } = await client.createToken({ scope });
    for (const method of ['GET', 'DELETE'])
      t.equal((await call(method, `/v1/deploys/${id}`, token)).status, 403, `${method} with ${scope}`);
  }
  const { token } = await client.createToken({ scope: 'publish:mine' });
  t.equal((await call('GET', `/v1/deploys/${id}`, token)).status, 200);
});
