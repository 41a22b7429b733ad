import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { gzipped, zipOf, zstandard } from '../helpers/archives.ts';
import { startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask, sha256, urlPath } from '../helpers/http.ts';
import { digestsOf, packageFolder } from '../helpers/tree.ts';

const run = promisify(execFile);
const AT_ONCE = 16;

t.test('each form of a publish reaches three edges byte by byte', async (t) => {
  const cluster = await startCluster();
  t.teardown(() => cluster.close());
  const { origin, client, token, edges } = cluster;
  const folder = packageFolder('fontawesome-a');
  const paths = [...(await digestsOf(folder)).keys()];
  const curl = async (...args: string[]) => {
    const { stdout } = await run('curl', ['-sS', '-H', `Authorization: Bearer ${token}`, ...args]);
    return stdout === '' ? {} : JSON.parse(stdout);
  };
  const shows = async (site: string, folder: string) => {
    await cluster.converged(site);
    for (const { name, url } of edges)
      t.strictSame(await differences(url, site, folder), [], `${site} on ${name}`);
  };

  const tar = join(cluster.folder, 'site.tar');
  await run('tar', [
    '-C',
    join(folder, '..'),
    '-chf',
    tar,
    '--hard-dereference',
    folder.split('/').at(-1) ?? '',
  ]);
  const packed = await readFile(tar);
  const zipped = zipOf(
    await Promise.all(
      paths.map(async (path) => ({ name: `top/${path}`, content: await readFile(join(folder, path)) })),
    ),
  );
  const archives = { tar: packed, gz: gzipped(packed), zst: zstandard(packed), zip: zipped };
  for (const [form, bytes] of Object.entries(archives)) {
    await client.putSite(form);
    const file = join(cluster.folder, `site.${form}`);
    await writeFile(file, bytes);
    const answer = await curl('-T', file, `${origin.url}/v1/sites/${form}/archive?strip=1`);
    t.match(answer, { revision: 1, unchanged: false }, `${form}: ${JSON.stringify(answer)}`);
    await shows(form, folder);
  }

  // Each of these files is a request of its own, and below even a process.
  const small = packageFolder('bootstrap-a');
  const names = [...(await digestsOf(small)).keys()];
  await client.putSite('files');
  const queue = names.values();
  const put = async () => {
    for (const path of queue) {
      const { status } = await ask(origin.url, `/v1/sites/files/files${urlPath(path)}`, {
        ...{ method: 'PUT', body: await readFile(join(small, path)) },
        headers: { authorization: `Bearer ${token}` },
      });
      if (status !== 200) t.fail(`${path}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, put));
  t.ok((await client.site('files')).revision < names.length, 'fewer revisions than files');
  await shows('files', small);

  await client.putSite('deploy');
  const files: Record<string, { digest: string; size: number }> = {};
  const byDigest = new Map<string, string>();
  for (const path of names) {
    const bytes = await readFile(join(small, path));
    files[path] = { digest: sha256(bytes), size: bytes.length };
    byDigest.set(sha256(bytes), path);
  }
  const body = join(cluster.folder, 'deploy.json');
  await writeFile(body, JSON.stringify({ files }));
  const api = `${origin.url}/v1`;
  const json = ['-H', 'Content-Type: application/json'];
  const { id, missing } = await curl(...json, '--data-binary', `@${body}`, `${api}/sites/deploy/deploys`);
  const objects = (missing as string[]).values();
  const send = async () => {
    for (const digest of objects)
      await curl('-T', join(small, byDigest.get(digest) ?? ''), `${api}/sites/deploy/objects/${digest}`);
  };
  await Promise.all(Array.from({ length: 4 }, send));
  t.match(await curl('-X', 'POST', `${api}/deploys/${id}/commit`), { revision: 1 });
  await shows('deploy', small);

  const [first, ...others] = await Promise.all(
    ['tar', 'gz', 'zst', 'zip'].map(async (site) => (await client.revision(site, 1)).files),
  );
  for (const files of others) t.equal(files, first);
});
