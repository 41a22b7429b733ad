import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { type Node, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask } from '../helpers/http.ts';
import { startProxy } from '../helpers/tcp-proxy.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SLOW = 64 * 1024;
const MIB = 1024 * 1024;
const BYTES = 8 * MIB;

t.test('an edge on a slow link holds nobody up and costs the origin no memory', async (t) => {
  const proxies: Awaited<ReturnType<typeof startProxy>>[] = [];
  const cluster = await startCluster({
    edges: 3,
    async originUrl(origin) {
      const { hostname: host, port } = new URL(origin);
      const proxy = await startProxy({ target: { host, port: Number(port) } });
      proxies.push(proxy);
      return origin;
    },
    // An edge proves its requests to an origin at the address that it was told to be the origin's.
    args: (i) => (i === 2 ? ['--origin', proxies[0]?.url ?? ''] : []),
  });
  t.teardown(async () => {
    await cluster.close();
    for (const proxy of proxies) await proxy.close();
  });
  const [proxy] = proxies;
  const [one, two, slow] = cluster.edges;
  if (proxy === undefined || one === undefined || two === undefined || slow === undefined)
    throw new Error('no edges');
  const shows = async ({ adminUrl }: Node) => {
    const { sites } = JSON.parse((await ask(adminUrl, '/status')).body.toString());
    return (sites[0]?.revision ?? 0) as number;
  };
  const publish = async (round: number) => {
    const folder = join(cluster.folder, `site-${round}`);
    const half = () => randomBytes(BYTES / 2);
    await writeTree(folder, { 'round.txt': String(round), 'a.bin': half(), 'b.bin': half() });
    const { code, stderr } = await cluster.skerry('publish', folder, '--site', 's');
    t.equal(code, 0, stderr);
    return folder;
  };
  const memory = async () => {
    const status = await readFile(`/proc/${cluster.origin.running?.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  };

  await publish(1);
  await cluster.converged('s', 60_000);
  proxy.bytesPerSecond = SLOW;
  let before = 0;
  let folder = '';
  for (let round = 2; round <= 6; round++) {
    const passed = proxy.bytesDown;
    folder = await publish(round);
    await until(`round ${round} on both fast edges`, async () =>
      (await Promise.all([shows(one), shows(two)])).every((revision) => revision === round),
    );
    t.ok((await shows(slow)) < round, 'the slow one is still at it');
    t.ok(proxy.bytesDown - passed < BYTES / 2, 'and has not got half of it');
    if (round === 2) before = await memory();
  }
  const grown = (await memory()) - before;
  t.ok(grown < 128 * MIB, `the origin has grown by ${Math.round(grown / MIB)} MiB in four rounds of 8`);

  proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
  await cluster.converged('s', 60_000);
  t.strictSame(await differences(slow.url, 's', folder), []);
});
