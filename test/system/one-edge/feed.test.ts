import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { signingKeyFromPem } from '../../../shared/signing/keys.ts';
import { askAs } from '../../helpers/as-member.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge } from './cluster.ts';

t.test('the feed answers members, and ranges as they are', async (t) => {
  const key = signingKeyFromPem(await readFile(join(edge.data, 'edge-key.pem'), 'utf8'));
  const [first] = (await cluster.client.log(1, 1)).records;
  const log = first?.log ?? '';
  const member = { name: edge.name, key, log };
  const get = (path: string, headers: Record<string, string> = {}) =>
    askAs(member, cluster.origin.url, path, { headers });

  for (const bytes of [randomBytes(70_000), Buffer.from('a small one')]) {
    const folder = await writeTree(join(cluster.folder, 'tree'), { 'a.bin': bytes });
    t.equal((await cluster.skerry('publish', folder, '--site', 's')).code, 0);
    const object = `/feed/v1/objects/${sha256(bytes)}`;
    const { length } = bytes;
    const ranged = (range: string) => get(object, { range });
    const part = await ranged('bytes=1-3');
    t.match(part, {
      status: 206,
      headers: { 'content-range': `bytes 1-3/${length}`, 'content-length': '3' },
    });
    t.same(part.body, bytes.subarray(1, 4));
    const long = await ranged('bytes=5-300000');
    t.match(long, { status: 206, headers: { 'content-range': `bytes 5-${length - 1}/${length}` } });
    t.same(long.body, bytes.subarray(5));
    t.equal((await ranged('bytes=99999-100000')).status, 416);
    t.equal((await ranged('bytes=9-3')).status, 400);
    t.equal((await ranged('bytes=-3')).status, 400);
    t.same((await get(object)).body, bytes);
  }

  t.equal((await get(`/feed/v1/objects/${'0'.repeat(64)}`)).status, 404);
  for (const from of ['0', '99999']) {
    t.match(JSON.parse((await get(`/feed/v1/stream?from=${from}`)).body.toString()), { code: 'beyond-log' });
  }
  t.equal((await get('/feed/v1/stream')).status, 400);
  t.equal((await get('/feed/v1/sites/1/diff?from=0&to=99999')).status, 410);
  const stranger = { ...member, name: 'edge-2' };
  for (const path of ['stream?from=1', 'sites/1/diff?from=0&to=1', `objects/${'0'.repeat(64)}`]) {
    t.equal((await askAs(stranger, cluster.origin.url, `/feed/v1/${path}`)).status, 401, path);
    const admin = { authorization: `Bearer ${cluster.token}` };
    t.equal((await ask(cluster.origin.url, `/feed/v1/${path}`, { headers: admin })).status, 401, path);
  }

  // It was killed after it had joined, and before it had written that down.
  await edge.stop('SIGKILL');
  await rm(join(edge.data, 'identity.json'));
  await edge.start();
  await cluster.converged('s');
});
