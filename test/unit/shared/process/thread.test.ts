import { truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { HashCalls } from '../../../../shared/hashing/hash-calls.ts';
import { startHashThreads } from '../../../../shared/hashing/hash-threads.ts';
import { moduleUrl } from '../../../../shared/process/module-url.ts';
import { startThreads } from '../../../../shared/process/thread.ts';
import type { SmallObjects } from '../../../../shared/store/small-objects.worker.ts';
import { openFiles } from '../../../helpers/open-files.ts';
import { until } from '../../../helpers/until.ts';

const ports = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
/** A thread that is ending gives up its port a moment later. Those of other tests may be ending, too. */
const noneIsLeft = (before: number) => until('all ports to be closed', () => ports() <= before);

t.test('threads stay until they are closed, and none is left then', async (t) => {
  const before = ports();
  const hashThreads = startHashThreads();
  const { dirname: folder, filename } = import.meta;
  const files = [{ folder, names: basename(filename) }];
  const hash = () => hashThreads.remote.digests(files, Number.POSITIVE_INFINITY);
  const found = await Promise.all(Array.from({ length: 20 }, hash));
  t.equal(new Set(found.map(({ digests }) => digests)).size, 1);
  await hashThreads.close();
  await noneIsLeft(before);
  await t.rejects(hash(), 'a call after the end is refused, not left waiting');
});

t.test('threads that are stopped end within a call', async (t) => {
  const hashThreads = startHashThreads(1);
  const folder = t.testdir({ endless: '' });
  truncateSync(join(folder, 'endless'), 2 ** 42);
  const digests = hashThreads.remote.digests([{ folder, names: 'endless' }], Number.POSITIVE_INFINITY);
  const refused = t.rejects(digests);
  const closing = hashThreads.close();
  await hashThreads.stop();
  await Promise.all([refused, closing]);
});

t.test(
  'a thread that nobody asks for anything ends, with what it had open; the next call finds all',
  async (t) => {
    if (process.platform !== 'linux') return t.pass('which files are open is told by /proc');
    const folder = t.testdir();
    const file = join(folder, 'small.sqlite');
    const module = moduleUrl('../../../../shared/store/small-objects.worker', import.meta.url);
    const { remote, close } = startThreads<SmallObjects>(module, 1, { file, folder }, { idleMs: 20 });
    for (let round = 0; round < 3; round++) {
      await remote.missing([]);
      await until('the file to be closed', () => !openFiles().includes(file));
    }
    await remote.close();
    t.notOk(openFiles().includes(file), 'it is not opened to be closed');
    await close();
  },
);

t.test('threads that end of idleness as they are closed leave nothing behind', async (t) => {
  const before = ports();
  const module = moduleUrl('../../../../shared/hashing/hash.worker', import.meta.url);
  for (let round = 0; round < 10; round++) {
    const { remote, close } = startThreads<HashCalls>(module, 1, undefined, { idleMs: round });
    await remote.digests([], 0);
    for (let turn = 0; turn < 100 * round; turn++) await setImmediate();
    await close();
  }
  t.ok(await noneIsLeft(before));
});

t.test('calls of a thread that cannot start are rejected, and later calls start one that can', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'late.mjs');
  const { remote, close } = startThreads<{ x(): number }>(pathToFileURL(file), 1, undefined);
  for (let round = 0; round < 2; round++) {
    const calls = await Promise.allSettled([remote.x(), remote.x()]);
    for (const call of calls) t.match(call, { status: 'rejected', reason: { code: 'unavailable' } });
  }
  writeFileSync(file, 'export default async () => ({ ok: 7 });');
  t.equal(await remote.x(), 7);
  await close();
});

t.test('calls that wait for a thread that ends are rejected too', async (t) => {
  const folder = t.testdir({
    'ends.mjs': 'export default ({ method }) => method === "end" ? process.exit(3) : { ok: 7 };',
  });
  const { remote, close } = startThreads<{ end(): void; x(): number }>(
    pathToFileURL(join(folder, 'ends.mjs')),
    1,
    undefined,
  );
  const calls = await Promise.allSettled([remote.end(), remote.x(), remote.x()]);
  for (const call of calls) t.match(call, { status: 'rejected', reason: { code: 'unavailable' } });
  t.equal(await remote.x(), 7);
  await close();
});
