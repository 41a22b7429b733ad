import { leafOf, NODE_COUNT, nodeOf } from '../../../shared/content/buckets.ts';
import { contentDigest, contentText } from '../../../shared/content/content-digest.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import {
  deletionOf,
  diff,
  diffOf,
  digests,
  digestsOf,
  fileOf,
  manifest,
  rootOf,
  type Theme,
  type Tree,
} from './harness.ts';

export function manifestsContract({ suite }: Theme): void {
  suite('any manifest and any diff, against a model', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const { id: neighbour } = await catalog.putSite('two', undefined, 1);
    await publisher.publish(neighbour, { 'file-0': 'of another site' });
    let state = 42;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % below;
    };
    const trees: Tree[] = [{}];
    for (let revision = 1; revision <= 12; revision++) {
      const tree: Record<string, string> = { [`new-${revision}`]: 'x' };
      for (let i = 0; i < 12; i++) if (random(3) > 0) tree[`file-${i}`] = `content ${random(3)}`;
      t.equal((await publisher.publish(site, tree)).revision, revision);
      trees.push(tree);
    }
    const manifests: Entry[][] = [];
    for (const [revision, tree] of trees.entries()) {
      const entries = await manifest(catalog, site, revision, 5);
      t.strictSame(digests(entries), digestsOf(tree), `manifest ${revision}`);
      if (revision > 0)
        t.equal((await catalog.revision(site, revision)).root, rootOf(entries), `root ${revision}`);
      manifests.push(entries);
    }
    for (const [from, before] of manifests.entries()) {
      for (const [to, after] of manifests.entries()) {
        const found = await diff(catalog, site, from, to, 3);
        t.strictSame(found, diffOf(before, after), `diff ${from} to ${to}`);
      }
    }
    t.strictSame(digests(await manifest(catalog, neighbour, 1)), digestsOf({ 'file-0': 'of another site' }));
    t.match(await catalog.siteNamed('one'), {
      files: Object.keys(trees[12] ?? {}).length,
      bytes: Object.values(trees[12] ?? {}).join('').length,
    });
  });

  suite('the digests of nodes, and their entries', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const tree = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`dir/é-${i}.html`, `${i}`]));
    await publisher.publish(site, tree);
    const plain = fileOf('dir/é-7.html', '7');
    const stored = { ...plain, type: 'text/x-own', meta: [['cache-control', 'no-store']] as const };
    const id = await publisher.deploy(site, [stored, deletionOf('dir/é-8.html')], 1);
    await publisher.committer.commitDeploy(id);
    for (const revision of [0, 1, 2]) {
      const entries = await manifest(catalog, site, revision);
      const digests: (Digest | null)[] = [];
      for (let node = 0; node < NODE_COUNT; node += 64)
        digests.push(...(await catalog.contentDigests(site, revision, node, node + 63)));
      const nodes = digests.map((_, node) => entries.filter(({ path }) => nodeOf(leafOf(path)) === node));
      const textOf = (entry: Entry) => contentText({ ...entry, meta: JSON.stringify(entry.meta) });
      t.strictSame(
        digests,
        nodes.map((within) => contentDigest(within.map(textOf))),
        `digests of revision ${revision}`,
      );
      for (const node of [0, 100, 255])
        t.strictSame(
          await catalog.nodeEntries(site, revision, node),
          nodes[node],
          `${revision}, node ${node}`,
        );
    }
    await t.rejects(catalog.contentDigests(site, 3, 0, 9), { code: 'no-such-revision' });
    await t.rejects(catalog.nodeEntries(site, 3, 0), { code: 'no-such-revision' });
  });

  suite('bytes and times between revisions', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: 'bbbb' });
    await publisher.publish(site, { a: '22', b: 'bbbb' });
    await publisher.publish(site, { a: '22', c: 'ccc' });
    t.equal(await catalog.diffBytes(site, 0, 1), 5);
    t.equal(await catalog.diffBytes(site, 1, 2), 2);
    t.equal(await catalog.diffBytes(site, 1, 3), 5);
    t.equal(await catalog.diffBytes(site, 3, 1), 5, 'backwards');
    t.equal(await catalog.diffBytes(site, 2, 2), 0);
    const since = async (revision: number) => (await catalog.revision(site, revision)).time;
    t.strictSame(await catalog.behind(site, 0), { revisions: 3, since: await since(1) });
    t.strictSame(await catalog.behind(site, 2), { revisions: 1, since: await since(3) });
    t.strictSame(await catalog.behind(site, 3), { revisions: 0, since: undefined });
  });
}
