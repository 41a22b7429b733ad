import type { Test } from 'tap';
import { startCluster } from './cluster.ts';
import { differences, remains } from './compare.ts';
import { packageFolder } from './tree.ts';

/** Publishes two releases of each package, forwards and back, on three edges. Reads and compares every path. */
export async function publishReleases(t: Test, names: readonly string[]): Promise<void> {
  const cluster = await startCluster();
  t.teardown(() => cluster.close());

  for (const name of names) {
    const [a, b] = [packageFolder(`${name}-a`), packageFolder(`${name}-b`)];
    const shows = async (folder: string, gone: string, edges = cluster.edges) => {
      for (const edge of edges) {
        t.strictSame(await differences(edge.url, name, folder), [], `${name} on ${edge.name}`);
        t.strictSame(await remains(edge.url, name, gone, folder), [], `gone from ${name} on ${edge.name}`);
      }
    };
    const publish = async (folder: string) => {
      const { code, stderr } = await cluster.skerry('publish', folder, '--site', name, '--wait');
      t.equal(code, 0, stderr);
    };
    await publish(a);
    await shows(a, b);
    await publish(b);
    await shows(b, a);

    const again = await cluster.skerry('publish', b, '--site', name, '--json');
    t.match(JSON.parse(again.stdout), { revision: 2, unchanged: true }, 'an unchanged tree is no revision');

    t.equal((await cluster.skerry('rollback', name)).code, 0);
    t.equal(await cluster.converged(name), 3, 'a rollback is a new revision');
    await shows(a, b, cluster.edges.slice(0, 1));
  }

  const status = await cluster.client.status();
  for (const edge of status.edges) {
    t.match(edge, { online: true, lag: { records: 0, bytes: 0, seconds: 0 } }, `${edge.name} is not behind`);
  }
}
