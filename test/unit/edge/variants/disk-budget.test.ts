import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openVariantReader } from '../../../../edge/variants/variant-reader.ts';
import type { VariantThread } from '../../../../edge/variants/variants.worker.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { startThreads } from '../../../../shared/process/thread.ts';
import { smallObjectsFile } from '../../../../shared/store/layout.ts';
import type { SmallObjects } from '../../../../shared/store/small-objects.worker.ts';

const worker = (name: string) => new URL(`../../../../${name}.ts`, import.meta.url);
/** Text that packs to some hundred bytes. */
const text = (i: number) =>
  Buffer.from(Array.from({ length: 400 }, (_, j) => (i * 7919 + j * j * 31).toString(36)).join(' '));

t.test('the variants that were made first make room for others, and their sources are told of', async (t) => {
  const folder = t.testdir({});
  const objects = join(folder, 'objects');
  mkdirSync(objects);
  const small = startThreads<SmallObjects>(worker('shared/store/small-objects.worker'), 1, {
    file: smallObjectsFile(objects),
    folder: objects,
  });
  const sources = Array.from({ length: 8 }, (_, i) => ({ digest: digestOf(text(i)), bytes: text(i) }));
  await small.remote.put(sources);
  const variants = startThreads<VariantThread>(worker('edge/variants/variants.worker'), 1, {
    folder,
    bytes: 6000,
  });
  t.teardown(async () => {
    await variants.remote.close();
    await variants.close();
    await small.close();
  });
  const gone = new Set<string>();
  for (const { digest, bytes } of sources) {
    const { changed } = await variants.remote.make(digest, bytes.length, 'gzip', undefined);
    t.equal(changed[0], digest);
    for (const source of changed.slice(1)) gone.add(source);
  }
  const reader = openVariantReader(folder);
  const held = sources.map(({ digest }) => reader.of(digest).variants);
  const total = held.flat().reduce((sum, { size }) => sum + size, 0);
  t.ok(total <= 6000 && total > 3000, `${total} bytes`);
  t.ok(gone.size > 0);
  for (const [i, { digest }] of sources.entries())
    t.equal(held[i]?.length === 0, gone.has(digest), `source ${i}`);
  t.equal(held.at(-1)?.length, 1, 'the newest is there');
  for (const { digest } of held.flat()) t.equal(digestOf(reader.bytes(digest) ?? ''), digest);
});
