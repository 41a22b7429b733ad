import t, { type Test } from 'tap';
import type { OpenManifestReads } from '../../origin/catalog/manifest-reads.ts';
import { leafOf, nodeOf } from '../../shared/content/buckets.ts';
import { digestBytes, digestOf } from '../../shared/content/digest.ts';
import { at, type CatalogPlace, certified, key, LOG, Publisher } from './catalog/harness.ts';

interface ReadPlace extends CatalogPlace {
  /** Of the catalog that is open there. */
  reads(): OpenManifestReads;
}

/** What a second reader beside a catalog must do: it answers as the catalog does, of what was committed before. */
export function manifestReadsContract(name: string, place: (t: Test) => Promise<ReadPlace>): void {
  const suite = (
    title: string,
    run: (t: Test, publisher: Publisher, manifests: OpenManifestReads['manifests']) => Promise<void>,
  ) =>
    t.test(`${name}: ${title}`, async (t) => {
      const where = await place(t);
      const { catalog, close } = await where.open(key);
      await catalog.found(LOG, certified, 1);
      const reads = where.reads();
      try {
        await run(t, new Publisher(catalog), reads.manifests);
      } finally {
        await reads.close();
        await close();
      }
    });

  suite('it answers as the catalog does', async (t, publisher, manifests) => {
    const { catalog } = publisher;
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const { id: other } = await catalog.putSite('two', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1', 'c/d': 'deep' });
    await publisher.change(site, 1, { a: '2' }, ['b']);
    await publisher.publish(other, { a: 'of another' });
    const name = (content: string) => digestBytes(digestOf(content)).subarray(0, 8);
    const nodes = [...new Set(['a', 'c/d'].map((path) => nodeOf(leafOf(at(path)))))];
    const asked = async (of: typeof manifests) => ({
      entry: await of.entryAt(site, 2, at('a')),
      none: await of.entryAt(site, 2, at('b')),
      pages: [
        await of.manifestPage(site, 1, undefined, 2),
        await of.manifestPage(site, 2, undefined, 100),
        await of.manifestPage(site, 0, undefined, 100),
      ],
      forwards: await of.diffPage(site, 1, 2, undefined, 100),
      backwards: await of.diffPage(site, 2, 1, undefined, 1),
      nodes: await of.nodesAt(site, 2),
      leaves: await of.leavesAt(site, 2, nodes),
      entries: await of.leafEntries(site, 2, leafOf(at('a'))),
      named: await of.objectsNamed(['1', '2', 'of another', 'nobody has it'].map(name), [site]),
      ofAny: await of.objectsNamed([name('of another')], null),
      isNamed: await Promise.all(
        ['1', 'of another'].map((content) => of.isNamedIn(digestOf(content), [site])),
      ),
      all: (await of.allObjects(0, 100)).digests.length,
    });
    const answered = await asked(manifests);
    t.strictSame(answered, await asked(catalog));
    t.strictSame(answered.named, [digestOf('1'), digestOf('2'), undefined, undefined]);
    t.strictSame(answered.isNamed, [true, false]);
    t.strictSame(answered.forwards.changes.length, 2);
  });

  suite('it sees each commit as soon as it is made, and nothing of one that is staged', async (t, publisher, manifests) => {
    const { catalog } = publisher;
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await t.rejects(manifests.nodesAt(site, 1), { code: 'no-such-revision' });
    for (const revision of [1, 2, 3]) {
      await publisher.publish(site, { a: `${revision}` });
      t.match(await manifests.entryAt(site, revision, at('a')), { digest: digestOf(`${revision}`) });
    }
    const before = await manifests.manifestPage(site, 3, undefined, 9);
    await catalog.beginStaging(site);
    await catalog.stage(site, 4, [{ kind: 'delete', path: at('a') }]);
    t.strictSame(await manifests.manifestPage(site, 3, undefined, 9), before);
    await t.rejects(manifests.manifestPage(site, 4, undefined, 9), { code: 'no-such-revision' });
  });

  suite('it refuses a revision that retention has taken away', async (t, publisher, manifests) => {
    const { catalog } = publisher;
    const { id: site } = await catalog.putSite('one', undefined, 1);
    for (const content of ['1', '2', '3']) await publisher.publish(site, { a: content, b: content });
    const { next } = await manifests.manifestPage(site, 1, undefined, 1);
    t.ok(next, 'there is another page');
    t.strictSame(await catalog.dropRevisions(site, [1]), [1]);
    const gone = { code: 'no-such-revision' };
    await t.rejects(manifests.manifestPage(site, 1, next, 1), gone);
    await t.rejects(manifests.entryAt(site, 1, at('a')), gone);
    await t.rejects(manifests.diffPage(site, 1, 3, undefined, 9), gone);
    await t.rejects(manifests.diffPage(site, 3, 1, undefined, 9), gone);
    await t.rejects(manifests.nodesAt(site, 1), gone);
    await t.rejects(manifests.leavesAt(site, 1, [0]), gone);
    await t.rejects(manifests.leafEntries(site, 1, 0), gone);
    while ((await catalog.dropEntries(site, 10)).more);
    t.match(await manifests.objectsNamed([digestBytes(digestOf('1')).subarray(0, 8)], null), [undefined]);
    t.match(await manifests.entryAt(site, 2, at('a')), { digest: digestOf('2') });
  });
}
