import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { digestOf } from '../../../shared/content/digest.ts';
import { largeObjectFile } from '../../../shared/store/layout.ts';
import { version } from '../../../shared/version.ts';
import { ask, read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'work';
const content = 'a file of its own '.repeat(10_000);

/** Asks the edge for work at its admin port. */
async function work(kind: string, args: object) {
  const { status, body } = await ask(edge.adminUrl, `/${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  return { status, answer: JSON.parse(body.toString()) };
}

t.test('an edge synchronizes, repairs and describes itself when it is asked to', async (t) => {
  const folder = await writeTree(join(cluster.folder, SITE), { 'large.txt': content, 'small.txt': 's' });
  t.equal((await cluster.skerry('publish', folder, '--site', SITE)).code, 0);
  await cluster.converged(SITE);
  t.match(await work('sync-now', { site: SITE }), {
    status: 200,
    answer: { sites: [{ name: SITE, revision: 1 }], more: false },
  });

  const file = largeObjectFile(join(edge.data, 'objects'), digestOf(content));
  await writeFile(file, content.toUpperCase());
  t.match(await work('verify', { repair: false, site: SITE }), {
    status: 200,
    answer: { isSound: false, verified: 1, sites: [{ name: SITE, damaged: 1, paths: ['large.txt'] }] },
  });
  t.match(await work('repair', { site: SITE }), {
    status: 200,
    answer: { isSound: true, verified: 1, sites: [{ damaged: 1, repaired: true }] },
  });
  t.equal((await read(edge.url, SITE, 'large.txt')).body.toString(), content);
  t.match(await work('verify', { repair: false, site: 'nothing' }), {
    status: 404,
    answer: { code: 'no-such-site' },
  });

  const { answer } = await work('report-state', {});
  t.match(answer, {
    versions: { skerry: version, node: process.versions.node },
    status: { upstream: cluster.origin.url, isPaused: false },
  });
  t.ok(answer.sites.some(({ name }: { name: string }) => name === SITE));
});
