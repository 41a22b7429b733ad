import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { watchFolderEvents } from '../../../../../origin/client/folder/folder-events.ts';
import { watchFolder } from '../../../../../origin/client/folder/watch-folder.ts';
import { type Clock, systemClock } from '../../../../../shared/clock.ts';
import { hasCode, SkerryError } from '../../../../../shared/errors.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';
import { until } from '../../../../helpers/until.ts';
import { PublishingClient } from './publishing-client.ts';

const hashThreads = startHashThreads(1);
t.teardown(() => hashThreads.close());

/** Watches a folder with one file, for a client that commits as the test says. */
function watching(t: Test, commit: (count: number) => Promise<void>) {
  const folder = t.testdir({ 'a.txt': 'a' });
  const client = new PublishingClient(commit);
  const stop = new AbortController();
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    async sleep(ms) {
      waits.push(ms);
    },
  };
  let published = 0;
  const failures: unknown[] = [];
  const ended = watchFolder(
    {
      ...{ client, hashThreads, site: 'docs', commit: {}, progress: () => {}, signal: stop.signal, clock },
      published: () => published++,
      waiting: () => {},
      failed: (error) => failures.push(error),
    },
    folder,
  );
  ended.catch(() => {});
  t.teardown(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  const write = (content: string) => writeFileSync(join(folder, 'a.txt'), content);
  const publishes = (times: number) => until(`${times} publishes`, () => published >= times);
  return { folder, client, waits, failures, write, publishes };
}

/** Paths that another watcher of the folder has noticed. */
async function notices(t: Test, folder: string): Promise<ReadonlySet<string>> {
  const noticed = new Set<string>();
  const events = await watchFolderEvents(folder, [], {
    touched(paths) {
      for (const path of paths) noticed.add(path);
    },
    renewed: () => {},
    failed: (error) => t.fail(String(error)),
  });
  t.teardown(() => events.close());
  return noticed;
}

t.test('what is saved while a change is being refused is published', async (t) => {
  const refusal = Promise.withResolvers<void>();
  const here = watching(t, (count) => (count === 2 ? refusal.promise : Promise.resolve()));
  await here.publishes(1);
  const noticed = await notices(t, here.folder);
  here.write('bad rules');
  await until('the second commit', () => here.client.commits === 2);
  writeFileSync(join(here.folder, 'saved.txt'), 'saved meanwhile');
  await until('the save to be noticed', () => noticed.has('saved.txt'));
  refusal.reject(new SkerryError('bad-rules', '_headers, line 1'));
  await here.publishes(2);
  t.ok(hasCode(here.failures[0], 'bad-rules'));
});

const REFUSALS = [
  new SkerryError('too-many-requests', 'too much waits already'),
  new SkerryError('too-many-changes', 'much was written', { details: { retryAfter: 7 } }),
  new SkerryError('too-slow', 'the body came too slowly'),
  new SkerryError('no-such-deploy', 'there is no deploy x'),
  new SkerryError('objects-missing', '1 or more objects have not been uploaded'),
];
for (const refusal of REFUSALS) {
  t.test(`${refusal.code} says nothing against the folder: the change is sent again`, async (t) => {
    const here = watching(t, async (count) => {
      if (count === 2) throw refusal;
    });
    await here.publishes(1);
    here.write('b');
    await here.publishes(2);
    t.strictSame(here.failures, [refusal]);
    const [wait = 0] = here.waits;
    const least = Number(refusal.details.retryAfter ?? 0) * 1000;
    t.ok(wait >= least && wait <= least + 5000, `after ${wait} ms`);
  });
}

t.test('one that is turned away at its first publish goes on', async (t) => {
  const here = watching(t, async (count) => {
    if (count === 1) throw new SkerryError('too-many-requests', 'too much waits already');
  });
  await here.publishes(1);
  t.equal(here.failures.length, 1);
});
