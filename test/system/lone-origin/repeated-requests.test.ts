import t from 'tap';
import { tarOf } from '../../helpers/archives.ts';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);
const { client } = origin;

async function send(method: string, path: string, body: string | Buffer, key: string, token = origin.token) {
  const answer = await ask(origin.url, path, {
    ...{ method, body },
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
  });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) };
}

const revisions = async (site: string) => (await client.revisions(site)).map(({ revision }) => revision);

t.test('an archive that is sent twice is published once', async (t) => {
  await client.putSite('archive');
  const tar = await tarOf({ a: 'from the archive' });
  const put = (key: string, body = tar, query = '') =>
    send('PUT', `/v1/sites/archive/archive${query}`, body, key);
  const first = await put('"key 1"');
  t.match(first, { status: 200, body: { revision: 1, unchanged: false } });
  await origin.put('archive', 'a', 'somebody else');
  t.strictSame(await put('"key 1"'), first, 'it does not take back what came after it');
  await origin.restart();
  t.strictSame(await put('"key 1"'), first, 'also after a restart');
  const other = await tarOf({ a: 'other' });
  t.match(await put('"key 1"', other), { status: 422, body: { code: 'key-reused' } });
  t.match(await put('"key 1"', tar, '?strip=1'), { status: 422, body: { code: 'key-reused' } });
  t.match(await put('plain', other), { status: 200, body: { revision: 3 } }, 'quotes may be left out');
  const { token } = await client.createToken({ scope: 'publish:archive' });
  const theirs = await send('PUT', '/v1/sites/archive/archive', tar, '"key 1"', token);
  t.match(theirs, { status: 200, body: { revision: 4 } }, 'keys of other tokens are other keys');
  for (const bad of ['""', '"ä"', 'a b', 'x'.repeat(256), '"a\\b"'])
    t.match(await put(encodeURI(bad) === bad ? bad : bad.replace('ä', '\xe4')), {
      status: 400,
      body: { code: 'bad-request' },
    });
});

t.test('a request that failed can be repeated', async (t) => {
  await client.putSite('failing');
  const put = async (tree: Record<string, string>) =>
    send('PUT', '/v1/sites/failing/archive', await tarOf(tree), '"again"');
  t.match(await put({ '../a': 'a' }), { status: 400 });
  t.match(await put({ _headers: 'nonsense\n' }), { status: 422, body: { code: 'bad-rules' } });
  t.match(await put({ a: 'a' }), { status: 200, body: { revision: 1 } });
});

t.test('a deploy that is created twice is one deploy', async (t) => {
  await client.putSite('deploys');
  const files = (content: string) =>
    JSON.stringify({ files: { a: { digest: content.padEnd(64, '0'), size: 1 } } });
  const post = (body: string) => send('POST', '/v1/sites/deploys/deploys', body, 'one');
  const first = await post(files('a'));
  t.match(first, { status: 200, body: { missing: ['a'.padEnd(64, '0')] } });
  await origin.restart();
  t.strictSame(await post(files('a')), first);
  t.match(await post(files('b')), { status: 422, body: { code: 'key-reused' } });
  origin.clock.set(25 * 3_600_000);
  const dayLater = await post(files('b'));
  t.equal(dayLater.status, 200);
  t.not(dayLater.body.id, first.body.id, 'after a day, the key is free');
});

t.test('requests with one key, side by side', async (t) => {
  await client.putSite('beside');
  const tar = await tarOf({ a: 'a', 'b.bin': Buffer.alloc(3_000_000, 'b') });
  const answers = await Promise.all(
    [1, 2, 3].map(() => send('PUT', '/v1/sites/beside/archive', tar, '"side"')),
  );
  // One that comes when the first has ended gets the answer of the first.
  t.ok(answers.some(({ status }) => status === 200));
  for (const { status, body } of answers)
    t.match(body, status === 200 ? { revision: 1, unchanged: false } : { status: 409, code: 'key-in-use' });
  t.match(await send('PUT', '/v1/sites/beside/archive', tar, '"side"'), {
    status: 200,
    body: { revision: 1 },
  });
  t.strictSame(await revisions('beside'), [1]);
});

t.test('a draft that is activated twice becomes live once', async (t) => {
  await client.putSite('drafts');
  await origin.put('drafts', 'a', 'one');
  const tar = await tarOf({ a: 'a draft' });
  const draft = await send('PUT', '/v1/sites/drafts/archive?alias=pr-1', tar, 'draft');
  t.match(draft, { status: 200, body: { revision: 2, outcome: 'draft', alias: { name: 'pr-1' } } });
  t.equal((await client.site('drafts')).revision, 1, 'an archive at an alias is not live');
  const activate = (target: object) =>
    send('POST', '/v1/sites/drafts/activate', JSON.stringify(target), 'activate');
  const first = await activate({ alias: 'pr-1' });
  t.match(first, { status: 200, body: { revision: 2, outcome: 'live' } });
  await origin.put('drafts', 'a', 'three');
  await origin.restart();
  t.strictSame(await activate({ alias: 'pr-1' }), first, 'it does not take back what came after it');
  t.equal((await client.site('drafts')).revision, 3);
  t.match(await activate({ revision: 2 }), { status: 422, body: { code: 'key-reused' } });
});

t.test('a rollback that is sent twice is done once', async (t) => {
  await client.putSite('back');
  for (const content of ['1', '2']) await origin.put('back', 'a', content);
  const roll = (key: string, body = '{}') => send('POST', '/v1/sites/back/rollback', body, key);
  const first = await roll('undo');
  t.match(first, { status: 200, body: { revision: 3 } });
  t.strictSame(await roll('undo'), first, 'it does not toggle');
  t.strictSame(await revisions('back'), [3, 2, 1]);
  t.match(await roll('undo', '{"to":1}'), { status: 422, body: { code: 'key-reused' } });
  t.match(await roll('redo'), { status: 200, body: { revision: 4 } });
  t.match(await roll('none', '{"to":99}'), { status: 404, body: { code: 'no-such-revision' } });
  t.match(await roll('none', '{"to":3}'), { status: 200, body: { revision: 5 } });
});

t.test('deploys from one base, over the API', async (t) => {
  await client.putSite('based');
  await origin.put('based', 'a', 'a');
  await origin.put('based', 'b', 'b');
  const deploy = async (path: string) => {
    const { body } = await origin.post('/v1/sites/based/deploys', { base: 1, delete: [path] });
    return String(body.id);
  };
  const [one, two] = [await deploy('a'), await deploy('b')];
  t.match(await origin.post(`/v1/deploys/${one}/commit`, { onConflict: 'refuse' }), {
    status: 409,
    body: { code: 'deploy-conflict', current: 2, base: 1, paths: [] },
  });
  t.match(await origin.post(`/v1/deploys/${one}/commit`), { status: 200, body: { revision: 3 } });
  t.match(await origin.post(`/v1/deploys/${two}/commit`), {
    status: 409,
    body: { code: 'deploy-conflict', current: 3, paths: ['b'] },
  });
  t.match(await origin.post(`/v1/deploys/${two}/commit`, { onConflict: 'sometimes' }), { status: 400 });
});
