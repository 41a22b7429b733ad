import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ShrinkRule } from '../../../origin/client/folder/shrink-plan.ts';
import { holdsShrinking } from '../../../origin/client/folder/shrink-plan.ts';
import { type PublishedChanges, watchFolder } from '../../../origin/client/folder/watch-folder.ts';
import { systemClock } from '../../../shared/clock.ts';
import { hasCode } from '../../../shared/errors.ts';
import { startHashThreads } from '../../../shared/hashing/hash-threads.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const hashThreads = startHashThreads();
t.teardown(() => hashThreads.close());
const origin = await loneOrigin(t);

let sites = 0;

/** Watches a folder into a site of its own. */
function watching(t: Test, folder: string, shrinking: ShrinkRule = holdsShrinking) {
  const site = `watched-${++sites}`;
  const stop = new AbortController();
  const published: PublishedChanges[] = [];
  const waits: string[] = [];
  const failures: unknown[] = [];
  const ended = watchFolder(
    {
      ...{ client: origin.client, hashThreads, site, commit: {}, progress: () => {}, signal: stop.signal },
      ...{ shrinking, clock: systemClock },
      published: (_commit, changes) => published.push(changes),
      waiting: ({ code }) => waits.push(code),
      failed: (error) => failures.push(error),
    },
    folder,
  );
  ended.catch(() => {});
  t.teardown(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  const files = async () => {
    const { revision } = await origin.client.site(site);
    const paths: string[] = [];
    if (revision > 0) for await (const { path } of origin.client.manifest(site, revision)) paths.push(path);
    return paths.sort();
  };
  /** Resolves when the site has these files. */
  const shows = (...paths: string[]) =>
    until(`${site} to have ${paths.length} files`, async () => {
      const now = await files().catch((error: unknown) => {
        if (hasCode(error, 'no-such-site')) return [];
        throw error;
      });
      return now.join() === [...paths].sort().join();
    });
  return { site, published, waits, failures, ended, shows };
}

const many = Array.from({ length: 111 }, (_, i) => `f${i}.txt`);
const fill = (folder: string, names: readonly string[]) =>
  Promise.all(names.map((name) => writeFile(join(folder, name), name)));

t.test('a folder that is emptied and filled again is never published empty', async (t) => {
  const folder = t.testdir({});
  await fill(folder, many);
  const { site, published, waits, shows } = watching(t, folder);
  await shows(...many);
  // A revision is shown before the watcher has heard that it was taken.
  await until('it to be told', () => published.length > 0);
  t.strictSame(published, [{ kind: 'whole', files: 111, leftOut: 0 }]);
  await Promise.all(many.map((name) => rm(join(folder, name))));
  await until('it to wait', () => waits.length > 0);
  await fill(folder, many.slice(0, 30));
  await fill(folder, [...many.slice(30), 'new.txt']);
  await shows(...many, 'new.txt');
  t.strictSame(waits, ['would-shrink']);
  // On a busy machine the files may go in several parts, each of which is judged by itself.
  const sizes = (await origin.client.revisions(site)).map(({ files }) => files).reverse();
  const isHeld = sizes.slice(1).map((after, i) => holdsShrinking({ before: sizes[i] ?? 0, after }));
  t.notOk(sizes.includes(0) || isHeld.includes(true), `${sizes}`);
});

t.test('one that shrinks by intent is published when that is allowed', async (t) => {
  const folder = t.testdir({});
  await fill(folder, many);
  const { published, waits, shows } = watching(t, folder, () => false);
  await shows(...many);
  await Promise.all(many.map((name) => rm(join(folder, name))));
  await shows();
  const deleted = () =>
    published.reduce((sum, change) => sum + (change.kind === 'changes' ? change.deleted : 0), 0);
  await until('all deletions to be told', () => deleted() >= 111);
  t.equal(deleted(), 111);
  t.ok(published.slice(1).every(({ kind }) => kind === 'changes'));
  t.strictSame(waits, []);
});

t.test('files under new names make up for those that go', async (t) => {
  const folder = t.testdir({});
  await fill(folder, many);
  const { shows } = watching(t, folder);
  await shows(...many);
  const renamed = many.map((name) => `v2-${name}`);
  await Promise.all(many.map((name) => rm(join(folder, name))));
  await fill(folder, renamed);
  await shows(...renamed);
});

t.test('a folder that is empty at first is waited for, and so is its site', async (t) => {
  const folder = t.testdir({});
  const { site, waits, shows } = watching(t, folder);
  await until('it to wait', () => waits.length > 0);
  await t.rejects(origin.client.site(site), { code: 'no-such-site' });
  await fill(folder, ['a.txt']);
  await shows('a.txt');
});

t.test('a folder that goes and comes back is watched on', async (t) => {
  const base = t.testdir({ site: { 'a.txt': 'a' } });
  const folder = join(base, 'site');
  const { waits, shows } = watching(t, folder);
  await shows('a.txt');
  await rm(folder, { recursive: true });
  await until('it to wait', () => waits.length > 0);
  await mkdir(folder);
  await fill(folder, ['b.txt']);
  await shows('b.txt');
  await fill(folder, ['c.txt']);
  await shows('b.txt', 'c.txt');

  await mkdir(join(base, 'next'));
  await fill(join(base, 'next'), ['d.txt', 'e.txt']);
  await rename(folder, join(base, 'old'));
  await rename(join(base, 'next'), folder);
  await shows('d.txt', 'e.txt');
  await fill(folder, ['f.txt']);
  await shows('d.txt', 'e.txt', 'f.txt');
});

t.test('a link that leads to another folder', async (t) => {
  const base = t.testdir({ one: { 'a.txt': 'a' }, two: { 'b.txt': 'b' } });
  const link = join(base, 'current');
  await symlink('one', link);
  const { shows } = watching(t, link);
  await shows('a.txt');
  await symlink('two', join(base, 'new'));
  await rename(join(base, 'new'), link);
  await shows('b.txt');
  await fill(join(base, 'two'), ['c.txt']);
  await shows('b.txt', 'c.txt');
});

t.test('what is left out follows .skerryignore', async (t) => {
  const folder = t.testdir({ 'a.txt': 'a', '.env': 'secret', node_modules: { 'x.js': 'x' } });
  const { published, failures, shows } = watching(t, folder);
  await shows('a.txt');
  await until('it to be told', () => published.length > 0);
  t.strictSame(published, [{ kind: 'whole', files: 1, leftOut: 2 }]);
  await writeFile(join(folder, '.env'), 'another secret');
  await writeFile(join(folder, 'a.map'), 'map');
  await shows('a.map', 'a.txt');
  await writeFile(join(folder, '.skerryignore'), '*.map\n!/.env\n');
  await shows('.env', 'a.txt');
  await writeFile(join(folder, '.env'), 'a third');
  await writeFile(join(folder, 'b.map'), 'map');
  await writeFile(join(folder, 'b.txt'), 'b');
  await shows('.env', 'a.txt', 'b.txt');
  t.strictSame(failures, []);
});

t.test('a folder that was never there', async (t) => {
  const { ended, site } = watching(t, join(t.testdir({}), 'nope'));
  await t.rejects(ended, { code: 'not-a-folder' });
  await t.rejects(origin.client.site(site), { code: 'no-such-site' });
});
