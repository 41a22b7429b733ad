import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { read } from '../helpers/http.ts';
import { type Running, skerry, start } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** docs/operations.md, "Moving the origin to another host", step by step. */
t.test('an origin moves to another address, and edges are told once', async (t) => {
  const cluster = await startCluster({ edges: 1 });
  let moved: Running | undefined;
  let following: Running | undefined;
  t.teardown(async () => {
    await following?.stop();
    await cluster.close();
    await moved?.stop();
  });
  const { origin, token } = cluster;
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('a cluster of one edge has one');
  const tree = await writeTree(join(cluster.folder, 'www'), { 'index.html': 'old place' });
  t.equal((await cluster.skerry('publish', tree, '--site', 'www', '--wait')).code, 0);

  await origin.stop();
  const data = join(cluster.folder, 'new-place');
  await cp(origin.data, data, { recursive: true });
  const [port = 0] = await freePorts(1);
  moved = await start(['origin', '--data', data, '--port', String(port)], /listens on \S+/);
  const url = `http://127.0.0.1:${port}`;

  await edge.stop();
  const ports = ['--port', new URL(edge.url).port, '--admin-port', new URL(edge.adminUrl).port];
  const startEdge = (...args: string[]) =>
    start(['edge', '--data', edge.data, ...ports, ...args], /serves on \S+/);
  following = await startEdge('--origin', url);
  const publish = async (text: string) => {
    await writeTree(join(cluster.folder, 'www'), { 'index.html': text });
    const env = { SKERRY_ORIGIN: url, SKERRY_TOKEN: token };
    const { code, stderr } = await skerry(['publish', tree, '--site', 'www', '--mode', 'sync'], { env });
    t.equal(code, 0, stderr);
    t.equal((await read(edge.url, 'www', '')).body.toString(), text);
  };
  const isOnline = async () => {
    const env = { SKERRY_ORIGIN: url, SKERRY_TOKEN: token };
    const { stdout } = await skerry(['edges', '--json'], { env });
    return (JSON.parse(stdout) as { edges: { online: boolean }[] }).edges.every(({ online }) => online);
  };
  await until('the edge to have found it', isOnline);
  await publish('new place');
  await following.stop();
  following = await startEdge();
  await until('the edge to have found it without being told', isOnline);
  await publish('still there');
});
