import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startSurveyThreads } from '../../../../shared/hashing/survey-threads.ts';

t.test('threads stay until they are closed, and none is left then', async (t) => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const surveys = startSurveyThreads();
  const file = new URL(import.meta.url).pathname;
  const found = await Promise.all(Array.from({ length: 20 }, () => surveys.remote.digests([file])));
  t.equal(new Set(found.flat().map((each) => 'digest' in each && each.digest)).size, 1);
  await surveys.close();
  const after = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  t.equal(after, before);
  await t.rejects(surveys.remote.digests([file]), 'a call after the end is refused, not left waiting');
});

t.test('threads that are stopped end within a call', async (t) => {
  const surveys = startSurveyThreads(1);
  const file = join(t.testdir(), 'endless');
  writeFileSync(file, '');
  truncateSync(file, 2 ** 42);
  const digests = surveys.remote.digests([file]);
  const refused = t.rejects(digests);
  const closing = surveys.close();
  await surveys.stop();
  await Promise.all([refused, closing]);
});
