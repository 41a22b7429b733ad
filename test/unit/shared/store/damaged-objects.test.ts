import { Readable } from 'node:stream';
import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { damagedObjects, faultyObjects } from '../../../../shared/store/damaged-objects.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';

const NEVER = new AbortController().signal;
const LARGE = 1024 * 1024;

async function filled(contents: readonly Buffer[]) {
  const disk = new MemoryDisk();
  for (const bytes of contents) disk.objects.set(digestOf(bytes), bytes);
  return {
    disk,
    store: openMemoryStore(disk),
    objects: contents.map((bytes) => ({ digest: digestOf(bytes) })),
  };
}

t.test('it names what is altered and what is missing', async (t) => {
  const contents = [10, 200, LARGE, LARGE + 1].map((size) => Buffer.alloc(size, size % 7));
  const { disk, store, objects } = await filled(contents);
  t.strictSame(await damagedObjects(store, objects, NEVER), []);
  const [small, missing, large] = objects;
  if (small === undefined || missing === undefined || large === undefined) throw new Error('no objects');
  disk.objects.set(small.digest, Buffer.alloc(10, 1));
  disk.objects.delete(missing.digest);
  disk.objects.set(large.digest, Buffer.alloc(LARGE, 9));
  t.strictSame(await damagedObjects(store, objects, NEVER), [small, missing, large]);
});

t.test('a stop is heard after each object, and within a large one', async (t) => {
  const small = await filled(Array.from({ length: 60 }, (_, i) => Buffer.from(`object ${i}`)));
  const large = await filled([Buffer.alloc(LARGE)]);
  for (const { store, objects } of [small, large]) {
    const stop = new AbortController();
    let pieces = 0;
    const rest = async () => {
      pieces++;
      stop.abort(new Error('stopped'));
    };
    await t.rejects(damagedObjects(store, objects, stop.signal, rest), { message: 'stopped' });
    t.equal(pieces, 1);
  }
});

t.test('what the disk cannot read is damaged, and a store that cannot be asked is not', async (t) => {
  const { objects } = await filled([Buffer.alloc(LARGE)]);
  const failing = (code: string) => ({
    readSmall: async () => new Map(),
    open: async () =>
      new Readable({
        read() {
          this.destroy(Object.assign(new Error(code), { code }));
        },
      }),
  });
  for (const code of ['EIO', 'ENOENT'])
    t.strictSame(await damagedObjects(failing(code), objects, NEVER), objects, code);
  t.match(await faultyObjects(failing('EIO'), objects, NEVER), [{ fault: 'unreadable' }]);
  t.match(await faultyObjects(failing('ENOENT'), objects, NEVER), [{ fault: 'absent' }]);
  for (const code of ['EMFILE', 'ECONNRESET'])
    await t.rejects(damagedObjects(failing(code), objects, NEVER), { code });
});
