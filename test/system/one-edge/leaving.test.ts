import { join } from 'node:path';
import t from 'tap';
import { read } from '../../helpers/http.ts';
import { skerry, start } from '../../helpers/processes.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster } from './cluster.ts';

const REVOKED = 4;
const SITE = 'leaving';
const NAME = 'leaver';
const { client, folder, origin } = cluster;

const tree = await writeTree(join(folder, SITE), { 'index.html': 'one' });
await cluster.skerry('publish', tree, '--site', SITE, '--wait');

t.test('an edge is drained in turn, and comes back when it has caught up', async (t) => {
  const edge = (command: string, ...more: string[]) => cluster.skerry('edge', command, 'edge-1', ...more);
  t.match(await edge('drain', '--at-most', '1', '--wait', '0'), {
    code: 0,
    stdout: 'edge edge-1 is drained: its readers go to other edges\n',
  });
  t.match(await edge('undrain', '--wait', '60'), { code: 0, stdout: 'edge edge-1 serves again\n' });
  t.match(await edge('drain', '--at-most', '0'), { code: 2, stderr: /--at-most/ });
  t.match(await cluster.skerry('edge', 'undrain', 'nobody', '--wait', '1'), {
    code: 1,
    stderr: /there is no edge nobody/,
  });
});

t.test('an edge that is drained and then revoked ends at once, and does not serve again', async (t) => {
  const { token } = await client.createToken({ scope: 'join', edge: NAME });
  const args = [
    ...['edge', '--data', join(folder, NAME), '--origin', origin.url, '--join', token, '--name', NAME],
    ...['--region', 'r', '--port', '0', '--admin-port', '0'],
  ];
  const edge = await start(args, /serves on (http:\S+), admin on (http:\S+)/);
  t.teardown(() => edge.stop('SIGKILL'));
  const [, url = '', adminUrl = ''] = edge.ready;
  await until('the edge to show the site', async () => (await read(url, SITE, '')).status === 200);

  await client.changeEdge(NAME, 'drain');
  await until('the edge to be drained', async () => (await fetch(`${adminUrl}/readyz`)).status === 503);
  await client.changeEdge(NAME, 'revoke');
  t.equal(await edge.ended, REVOKED);
  t.match(edge.output().stderr, /^skerry: the origin has revoked the edge leaver\. /m);
  await t.rejects(read(url, SITE, ''));
  const again = await skerry(args);
  t.match(again, {
    code: REVOKED,
    stdout: '',
    stderr: /^skerry: the origin has revoked the edge leaver\. /m,
  });
});
