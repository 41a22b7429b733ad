import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startHashThreads } from '../../../../shared/hashing/hash-threads.ts';

t.test('threads stay until they are closed, and none is left then', async (t) => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const hashThreads = startHashThreads();
  const file = new URL(import.meta.url).pathname;
  const found = await Promise.all(Array.from({ length: 20 }, () => hashThreads.remote.digests([file])));
  t.equal(new Set(found.flat().map((each) => 'digest' in each && each.digest)).size, 1);
  await hashThreads.close();
  const after = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  t.equal(after, before);
  await t.rejects(hashThreads.remote.digests([file]), 'a call after the end is refused, not left waiting');
});

t.test('threads that are stopped end within a call', async (t) => {
  const hashThreads = startHashThreads(1);
  const file = join(t.testdir(), 'endless');
  writeFileSync(file, '');
  truncateSync(file, 2 ** 42);
  const digests = hashThreads.remote.digests([file]);
  const refused = t.rejects(digests);
  const closing = hashThreads.close();
  await hashThreads.stop();
  await Promise.all([refused, closing]);
});
