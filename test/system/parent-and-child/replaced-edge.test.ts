import { join } from 'node:path';
import t from 'tap';
import { read } from '../../helpers/http.ts';
import { type Running, start } from '../../helpers/processes.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, child as old, parent } from './cluster.ts';

const SITE = 'hosted';

// The child is replaced while it runs.
const hosts: Running[] = [];
t.teardown(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
});
const tree = await writeTree(join(cluster.folder, SITE), { 'index.html': 'one' });
await cluster.skerry('publish', tree, '--site', SITE, '--wait');

/** Starts a host that joins through the parent and follows it. Resolves with its name for tests. */
async function newHost(folder: string, token: string): Promise<Running> {
  const host = await start(
    [
      ...['edge', '--data', join(cluster.folder, folder), '--origin', cluster.origin.url],
      ...['--parent', parent.feedUrl, '--join', token, '--name', 'edge-2', '--region', 'new'],
      ...['--port', '0', '--admin-port', '0', '--label', 'new'],
    ],
    /(listens|serves) on \S+/,
  );
  hosts.push(host);
  return host;
}

t.test('a new host takes the place of an edge behind a parent, while the old one runs', async (t) => {
  t.match(await cluster.skerry('edge', 'replace', 'nobody'), { code: 1, stderr: /there is no edge nobody/ });
  const before = (await cluster.client.tokens()).length;
  const command = await cluster.skerry('edge', 'replace', 'edge-2', '--command');
  t.match(command, { code: 1, stderr: /the address by which other hosts reach the origin/ });
  t.equal(
    (await cluster.client.tokens()).length,
    before,
    'no token is made for a command that leads nowhere',
  );
  const { stdout } = await cluster.skerry('edge', 'replace', 'edge-2');
  const token = stdout.trim();
  t.match(token, /^skj_/);
  t.equal((await cluster.skerry('edge', 'label', 'edge-2', 'kept')).stdout, 'edge edge-2 has kept, old\n');
  await newHost('new', token);
  await until('the new host to show the site', async () => {
    const edge = (await cluster.client.edges()).find(({ name }) => name === 'edge-2');
    return (
      edge?.region === 'new' && edge.online && edge.sites[SITE]?.revision === 1 && edge.parent === 'edge-1'
    );
  });
  const { labels } = (await cluster.client.edges())[1] ?? {};
  t.strictSame(labels, ['kept', 'new', 'old']);

  const status = await until('the old host to know', async () => {
    const response = await fetch(`${old.adminUrl}/status`);
    const told = (await response.json()) as {
      isRefused: boolean;
      faults: { code: string; message: string }[];
    };
    return told.faults.some(({ code }) => code === 'edge-replaced') && told;
  });
  t.equal(status.isRefused, true);
  const { message } = status.faults.find(({ code }) => code === 'edge-replaced') ?? {};
  t.match(message, /another host has replaced this one as edge-2/);
  t.equal((await fetch(`${old.adminUrl}/readyz`)).status, 503);
  t.equal((await read(old.url, SITE, '')).body.toString(), 'one', 'it serves on');

  await writeTree(tree, { 'index.html': 'two' });
  t.match(await cluster.skerry('publish', tree, '--site', SITE, '--mode', 'sync', '--json'), {
    code: 0,
    stdout: /"edge":"edge-2","state":"visible"/,
  });
  t.equal((await read(old.url, SITE, '')).body.toString(), 'one');
  await t.rejects(newHost('another', token), /bad-join-token|the join token is used/);

  const file = join(cluster.folder, 'of-both-hosts');
  await cluster.skerry('receipts', `${SITE}@1`, '--export', file);
  t.match(await cluster.skerry('verify-receipts', file), {
    code: 0,
    stdout: / 0 edges without one[\s\S]*edge-2 \(replaced since\)/,
  });
});

t.test('a new host takes the name of a revoked edge, and nothing but its limits', async (t) => {
  await cluster.skerry('edge', 'drain', 'edge-2');
  await cluster.skerry('edge', 'revoke', 'edge-2');
  const { stdout } = await cluster.skerry('edge', 'replace', 'edge-2');
  await newHost('after', stdout.trim());
  const edge = await until('the new host to show the site', async () => {
    const found = (await cluster.client.edges()).find(({ name }) => name === 'edge-2');
    return found?.online && found.sites[SITE]?.revision === 2 && found;
  });
  t.match(edge, { revoked: false, drained: false, labels: ['new'], parent: 'edge-1' });
});
