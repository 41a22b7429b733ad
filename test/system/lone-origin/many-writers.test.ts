import { Agent } from 'node:http';
import t from 'tap';
import { ask, sha256 } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const SITE = 'written';
const CLIENTS = 50;
const FILES = 4;

t.test('fifty clients that write single files lose none of them', async (t) => {
  const origin = await loneOrigin(t);
  const { client } = origin;
  await client.putSite(SITE);
  const before = (await client.status()).origin.seq;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  t.teardown(() => agent.destroy());
  const expected: Record<string, string> = {};
  const write = async (writer: number) => {
    for (let i = 0; i < FILES; i++) {
      const [path, body] = [`${writer}/${i}.txt`, `file ${i} of ${writer}`];
      expected[path] = sha256(body);
      const answer = await ask(origin.url, `/v1/sites/${SITE}/files/${path}`, {
        ...{ method: 'PUT', body, agent },
        headers: { authorization: `Bearer ${origin.token}` },
      });
      if (answer.status !== 200) t.fail(`${path}: ${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, writer) => write(writer)));

  const { revision, files } = await client.site(SITE);
  t.equal(files, CLIENTS * FILES);
  t.ok(revision < CLIENTS * FILES, `${revision} revisions for ${CLIENTS * FILES} writes`);
  const found: Record<string, string> = {};
  for await (const { path, digest } of client.manifest(SITE, revision)) found[path] = digest;
  t.strictSame(found, expected);
  const numbers = (await client.revisions(SITE)).map(({ revision }) => revision);
  t.strictSame(
    numbers,
    Array.from({ length: revision }, (_, i) => revision - i),
    'no number is left out',
  );
  const { records } = await client.log(before + 1, 1000);
  t.equal(records.length, 2 * revision, 'each has its record, and the one that makes it live');
  t.ok(
    records.every(({ seq }, i) => seq === before + 1 + i),
    'the log has no gap',
  );
});
