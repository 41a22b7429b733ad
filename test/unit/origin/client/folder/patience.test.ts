import t from 'tap';
import { patience, waitAfter } from '../../../../../origin/client/folder/patience.ts';
import { publishFolder } from '../../../../../origin/client/folder/publish-folder.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';
import { PublishingClient } from './publishing-client.ts';

const BUSY = new SkerryError('too-many-requests', 'too much waits already');
const { signal } = new AbortController();

/** Patience whose waits take no time. */
function patient() {
  const waits: number[] = [];
  const told: string[] = [];
  const clock = {
    async sleep(ms: number) {
      waits.push(ms);
    },
  };
  const run = patience({ clock, signal, waits: ({ code }) => told.push(code) });
  return { run, waits, told };
}

t.test('a wait is as long as the answer asks for, and has a bound', (t) => {
  const asking = (retryAfter: unknown) =>
    new SkerryError('too-many-changes', 'much was written', { details: { retryAfter } });
  for (let attempt = 0; attempt < 20; attempt++) {
    const wait = waitAfter(asking(8), attempt);
    t.ok(wait >= 8000 && wait <= 13_000, `${wait}`);
  }
  t.ok(waitAfter(asking(1e12), 0) <= 3_600_000);
  for (const nonsense of [-5, 'soon', null, Number.NaN, undefined])
    t.ok(waitAfter(asking(nonsense), 0) <= 500, String(nonsense));
  t.end();
});

t.test('what is refused for now is tried again, until half a minute has been waited', async (t) => {
  const { run, waits, told } = patient();
  let tries = 0;
  const work = async () => {
    if (++tries < 4) throw BUSY;
    return 'done';
  };
  t.equal(await run(work), 'done');
  t.strictSame(told, Array(3).fill('too-many-requests'));
  await t.rejects(
    run(() => Promise.reject(BUSY)),
    BUSY,
  );
  const sum = waits.reduce((all, wait) => all + wait, 0);
  t.ok(sum > 25_000 && sum <= 30_000, `${sum} ms, of both`);
});

t.test('a fault of what is sent is thrown at once, and so is a wait that would be too long', async (t) => {
  const { run, waits } = patient();
  const long = new SkerryError('too-many-changes', 'much was written', { details: { retryAfter: 31 } });
  for (const error of [new SkerryError('bad-rules', '_headers, line 1'), long, new TypeError('a fault')])
    await t.rejects(
      run(() => Promise.reject(error)),
      error,
    );
  t.strictSame(waits, []);
});

t.test('a first publish that has to wait creates its site once', async (t) => {
  const hashThreads = startHashThreads(1);
  t.teardown(() => hashThreads.close());
  const client = new PublishingClient(async (count) => {
    if (count < 3) throw BUSY;
  });
  const parts = { client, hashThreads, site: 'docs', commit: {}, progress: () => {}, signal };
  const folder = t.testdir({ 'a.txt': 'a' });
  await publishFolder({ ...parts, patience: patient().run }, folder);
  t.strictSame(client.calls, ['putSite', 'commit', 'commit', 'commit']);
  const other = new PublishingClient(() => Promise.reject(BUSY));
  await t.rejects(publishFolder({ ...parts, client: other }, folder), BUSY, 'without patience');
  t.strictSame(other.calls, ['putSite', 'commit', 'deleteSite']);
});
