import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { startHashThreads } from '../../../../shared/hashing/hash-threads.ts';
import { faultyObjects } from '../../../../shared/store/damaged-objects.ts';
import { openFileObjectStore } from '../../../../shared/store/file-object-store.ts';
import { smallObjectsFile } from '../../../../shared/store/layout.ts';

const NEVER = new AbortController().signal;
/** The first byte of a page that holds rows of a table. */
const LEAF = 0x0d;

function damageOnePage(file: string): void {
  const bytes = readFileSync(file);
  const size = bytes.readUInt16BE(16);
  for (let at = 5 * size; at < bytes.length; at += size)
    if (bytes[at] === LEAF) {
      bytes[at] = LEAF ^ 0x40;
      writeFileSync(file, bytes);
      return;
    }
  throw new Error('no page to damage');
}

t.test('one damaged page of the small objects costs only its own objects', async (t) => {
  const folder = t.testdir();
  const hashThreads = startHashThreads();
  t.teardown(() => hashThreads.close());
  const small = Array.from({ length: 500 }, (_, i) => {
    const bytes = Buffer.from(`object ${i} `.repeat(40));
    return { digest: digestOf(bytes), bytes };
  });
  const large = Buffer.alloc(100_000, 'large');
  const filled = await openFileObjectStore(folder, hashThreads);
  await filled.putSmall(small);
  const draft = await filled.draft('large');
  await draft.append(large);
  await draft.keep(digestOf(large));
  await filled.close();
  damageOnePage(smallObjectsFile(folder));

  const store = await openFileObjectStore(folder, hashThreads);
  t.teardown(() => store.close());
  const faulty = await faultyObjects(store, [...small, { digest: digestOf(large) }], NEVER);
  t.ok(faulty.length > 0 && faulty.length < 30, `${faulty.length} objects of one page`);
  t.ok(faulty.every(({ fault }) => fault === 'unreadable'));

  const [lost] = faulty;
  const sound = small.find(({ digest }) => faulty.every(({ object }) => object.digest !== digest));
  if (lost === undefined || sound === undefined) throw new Error('no objects');
  const named = [lost.object.digest, sound.digest, digestOf(large)];
  await t.rejects(store.remove(named), { code: 'data-folder-damaged' });
  t.equal(await store.size(digestOf(large)), undefined, 'the others are removed all the same');
  t.equal((await store.readSmall([sound.digest])).size, 0);
});

t.test('bytes that the disk has altered are replaced when the object is stored again', async (t) => {
  const folder = t.testdir();
  const hashThreads = startHashThreads();
  t.teardown(() => hashThreads.close());
  const store = await openFileObjectStore(folder, hashThreads);
  t.teardown(() => store.close());
  const digest = digestOf('sound');
  await store.putSmall([{ digest, bytes: Buffer.from('altered') }]);
  await store.putSmall([{ digest, bytes: Buffer.from('sound') }]);
  t.equal(String((await store.readSmall([digest])).get(digest)), 'sound');
});
