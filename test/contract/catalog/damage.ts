import { missingObjects } from '../../../origin/catalog/deploy-pages.ts';
import { mostChunkListBytes } from '../../../shared/content/chunk-list.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { fileOf, type Theme } from './harness.ts';

export function damageContract({ suite }: Theme): void {
  suite('stored objects and their chunk lists are read in pages', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('docs', undefined, 1);
    await publisher.upload(id, ['one', 'two']);
    const large = { site: id, digest: digestOf('large'), size: 5_000_000, chunks: digestOf('its list') };
    await catalog.addObjects([large], 7);
    const digests = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = await catalog.storedParts(after, 2);
      digests.push(...page.parts.map(({ digest }) => digest));
      after = page.next;
    }
    t.strictSame(digests, ['one', 'two', 'large', 'its list'].map(digestOf));
    const { parts } = await catalog.storedParts(2, 10);
    t.strictSame(parts, [
      { digest: digestOf('large'), size: 5_000_000, touched: 7 },
      { digest: digestOf('its list'), size: mostChunkListBytes(5_000_000), touched: 7 },
    ]);
    t.strictSame(await catalog.storedAmount(), {
      objects: 4,
      bytes: 3 + 3 + 5_000_000 + mostChunkListBytes(5_000_000),
    });
    t.strictSame(await catalog.unchanged(parts), parts);
    await catalog.addObjects([large], 8);
    t.strictSame(await catalog.unchanged(parts), [], 'both were uploaded again');
  });

  suite('a damaged object counts as missing until it is stored again', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('docs', undefined, 1);
    await publisher.publish(id, { 'a.txt': 'one', 'b/c.txt': 'one', 'd.txt': 'two' });
    const one = digestOf('one');
    const missing = async () => {
      const deploy = await publisher.deploy(id, [fileOf('a.txt', 'one'), fileOf('d.txt', 'two')], null);
      const digests = [];
      for await (const digest of missingObjects(catalog, deploy)) digests.push(digest);
      return { digests, deploy };
    };
    await catalog.noteDamaged([{ digest: one, size: 3 }], 10);
    await catalog.noteDamaged([{ digest: one, size: 3 }], 11);
    t.equal(await catalog.damagedCount(), 1);
    t.strictSame(await catalog.damaged(null, 10), [{ digest: one, size: 3 }]);
    t.strictSame(await catalog.damaged(one, 10), []);
    t.strictSame(await catalog.damagedAmong([digestOf('two'), one]), [{ digest: one, size: 3 }]);
    t.strictSame(await catalog.sitesNaming([one, digestOf('nobody')]), [['docs'], []]);
    t.strictSame(await catalog.placesOf(one, 1), [{ site: 'docs', path: 'a.txt' }]);
    t.equal((await catalog.storedParts(0, 10)).parts.length, 1, 'what is damaged is not read again');
    const { digests, deploy } = await missing();
    t.strictSame(digests, [one]);
    await t.rejects(publisher.committer.commitDeploy(deploy), { code: 'objects-missing' });

    await publisher.upload(id, ['one']);
    t.equal(await catalog.damagedCount(), 0, 'an upload makes it sound');
    t.strictSame((await missing()).digests, []);
    await catalog.noteDamaged([{ digest: one, size: 3 }], 12);
    t.strictSame(await catalog.noteSound([one, digestOf('two')]), [one]);
    t.strictSame((await missing()).digests, []);
  });

  suite('an object whose chunk list is damaged counts as missing', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('docs', undefined, 1);
    const [digest, chunks] = [digestOf('large'), digestOf('its list')];
    const large = { site: id, digest, size: 5_000_000, chunks };
    await catalog.addObjects([large], 7);
    const file = { ...fileOf('large', 'large'), size: large.size };
    const deploy = await publisher.deploy(id, [file], null);
    const missing = async () => (await catalog.missingObjects(deploy, undefined)).missing;
    t.strictSame(await missing(), []);
    await catalog.noteDamaged([{ digest: chunks, size: mostChunkListBytes(large.size) }], 10);
    t.strictSame(await missing(), [digest]);
    await t.rejects(publisher.committer.commitDeploy(deploy), { code: 'objects-missing' });
    await catalog.addObjects([large], 11);
    t.strictSame(await missing(), []);
    t.equal(await catalog.damagedCount(), 0);
  });

  suite('nobody waits for an object that was deleted', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('docs', undefined, 1);
    await publisher.upload(id, ['one']);
    await catalog.noteDamaged([{ digest: digestOf('one'), size: 3 }], 10);
    await catalog.dropObjects([digestOf('one')], Number.MAX_SAFE_INTEGER);
    t.equal(await catalog.damagedCount(), 0);
  });

  suite('the place of a pass is kept', async (t, catalog) => {
    t.equal(await catalog.storePass(), null);
    const pass = { number: 1, began: 1, ended: null, after: 7, objects: 1, bytes: 2, damaged: 0 };
    await catalog.saveStorePass(pass);
    await catalog.saveStorePass({ ...pass, after: 9 });
    t.strictSame(await catalog.storePass(), { ...pass, after: 9 });
  });
}
