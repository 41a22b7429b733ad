import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { ApiClient } from '../../../../../origin/client/api-client.ts';
import { hashFiles } from '../../../../../origin/client/folder/hash-files.ts';
import { publishFolder } from '../../../../../origin/client/folder/publish-folder.ts';
import { readHashed, streamHashed } from '../../../../../origin/client/folder/read-hashed.ts';
import { scanFolder } from '../../../../../origin/client/folder/scan.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../../../shared/content/small-object.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import type { Commit, Site } from '../../../../../shared/wire/api.ts';
import type { Deploy } from '../../../../../shared/wire/deploy-api.ts';
import { raceForLinks } from '../../../../helpers/folder-racer.ts';
import { collect } from '../../../shared/streams.ts';

const SECRET = 'secret of another user';
const LARGE_SECRET = SECRET.padEnd(SMALL_OBJECT + 10, '!');
const { signal } = new AbortController();
const hashThreads = startHashThreads(2);
t.teardown(() => hashThreads.close());

interface Place {
  readonly site: string;
  readonly outside: string;
}

/** A folder to publish and a private one beside it, with files of the same names. */
function place(t: Test): Place {
  const large = 'published'.padEnd(SMALL_OBJECT + 10, '.');
  const base = t.testdir({
    site: { 'a.txt': 'published', 'large.bin': large, sub: { 'b.txt': 'published b' } },
    outside: { 'a.txt': SECRET, 'large.bin': LARGE_SECRET, 'b.txt': SECRET, sub: { 'b.txt': SECRET } },
  });
  return { site: join(base, 'site'), outside: join(base, 'outside') };
}

const hashed = async (folder: string) =>
  hashFiles((await scanFolder(folder)).files, hashThreads, () => {}, signal);

/** Puts a link where the file or folder was. */
function swapForLink({ site }: Place, path: string, target: string) {
  rmSync(join(site, path), { recursive: true });
  symlinkSync(target, join(site, path));
}

const SWAPS: readonly [name: string, file: string, (place: Place) => void][] = [
  ['a file for a link', 'a.txt', (p) => swapForLink(p, 'a.txt', join(p.outside, 'a.txt'))],
  ['a large file for a link', 'large.bin', (p) => swapForLink(p, 'large.bin', join(p.outside, 'large.bin'))],
  ['a folder for a link', 'sub/b.txt', (p) => swapForLink(p, 'sub', p.outside)],
  ['a file for a link to another of the folder', 'a.txt', (p) => swapForLink(p, 'a.txt', 'sub/b.txt')],
];

for (const [name, path, swap] of SWAPS) {
  t.test(`${name}, after the scan`, async (t) => {
    const here = place(t);
    const found = (await scanFolder(here.site)).files.filter((file) => file.path === path);
    swap(here);
    const failure = { code: 'file-changed', message: new RegExp(`^${path} changed`) };
    await t.rejects(
      hashFiles(found, hashThreads, () => {}, signal),
      failure,
    );
  });

  t.test(`${name}, after the hashing`, async (t) => {
    const here = place(t);
    const [file] = (await hashed(here.site)).filter((file) => file.path === path);
    swap(here);
    if (file === undefined) throw new Error(`${path} was not found`);
    const failure = { code: 'file-changed', message: new RegExp(`^${path} changed`) };
    if (file.size <= SMALL_OBJECT) t.throws(() => readHashed(file), failure);
    else await t.rejects(collect(streamHashed(file)), failure, 'before the first byte');
  });
}

t.test('a pipe that takes a file’s place holds nobody up', async (t) => {
  const { site } = place(t);
  const found = (await scanFolder(site)).files.filter(({ path }) => path === 'a.txt');
  const [file] = await hashFiles(found, hashThreads, () => {}, signal);
  if (file === undefined) throw new Error('a.txt was not found');
  rmSync(file.file);
  await once(spawn('mkfifo', [file.file]), 'exit');
  await t.rejects(
    hashFiles(found, hashThreads, () => {}, signal),
    { code: 'file-changed' },
  );
  t.throws(() => readHashed(file), { code: 'file-changed' });
  await t.rejects(collect(streamHashed(file)), { code: 'file-changed' });
});

t.test('a link within the folder is opened where it led to when it was found', async (t) => {
  const here = place(t);
  symlinkSync('a.txt', join(here.site, 'link'));
  const [link] = (await hashed(here.site)).filter(({ path }) => path === 'link');
  if (link === undefined) throw new Error('the link was not found');
  t.equal(readHashed(link).toString(), 'published');
  swapForLink(here, 'link', join(here.outside, 'a.txt'));
  t.equal(readHashed(link).toString(), 'published');
});

const NOTHING_COMMITTED: Commit = {
  revision: 1,
  seq: 1,
  mode: 'async',
  unchanged: true,
  outcome: 'live',
  opens: null,
  receipts: [],
  edges: [],
};

/** Takes what a publish would send, and lacks everything. */
class Recorder extends ApiClient {
  readonly sent: string[] = [];

  constructor() {
    super('http://127.0.0.1:1', undefined, signal);
  }

  override async site(name: string): Promise<Site> {
    return {
      ...{ name, domains: [], revision: 1, files: 3, bytes: 1, pending: null },
      policy: DEFAULT_POLICY,
    };
  }

  override async createDeploy(_site: string, lines: Readable): Promise<Deploy> {
    const text = (await lines.toArray()).join('');
    this.sent.push(text);
    return { id: 'deploy', missing: [...text.matchAll(/"digest":"([0-9a-f]{64})"/g)].map(([, d = '']) => d) };
  }

  override async putObject(_site: string, _digest: string, body: Buffer | Readable): Promise<void> {
    this.sent.push(Buffer.isBuffer(body) ? body.toString() : Buffer.concat(await collect(body)).toString());
  }

  override async putObjects(_site: string, objects: AsyncIterable<Uint8Array>) {
    for await (const bytes of objects) this.sent.push(Buffer.from(bytes).toString());
    return { objects: 0, bytes: 0 };
  }

  override async commit(): Promise<Commit> {
    return NOTHING_COMMITTED;
  }
}

t.test('while another process swaps, nothing from outside is sent', async (t) => {
  const { site, outside } = place(t);
  const names = ['a.txt', 'sub', 'large.bin'];
  const stop = await raceForLinks({ folder: site, spare: join(site, '../spare'), outside, names });
  t.teardown(stop);
  const client = new Recorder();
  const parts = { client, hashThreads, site: 's', commit: {}, progress: () => {}, signal };
  const ends = new Map<string, number>();
  const end = performance.now() + 1200;
  while (performance.now() < end) {
    const how = await publishFolder(parts, site).then(
      () => 'published',
      (error) => (error instanceof SkerryError ? error.code : String(error)),
    );
    ends.set(how, (ends.get(how) ?? 0) + 1);
  }
  await stop();
  t.comment([...ends].map(([how, times]) => `${times} × ${how}`).join(', '));
  const expected = ['published', 'file-changed', 'symlink-outside'];
  t.strictSame(
    [...ends.keys()].filter((how) => !expected.includes(how)),
    [],
  );
  t.notOk(
    client.sent.some((text) => text.includes(SECRET)),
    'no bytes',
  );
  for (const digest of [digestOf(SECRET), digestOf(LARGE_SECRET)])
    t.notOk(
      client.sent.some((text) => text.includes(digest)),
      'no digest',
    );
});

t.test('a file that is written to while it is published is told by its name', async (t) => {
  const { site } = place(t);
  const [file] = (await hashed(site)).filter(({ path }) => path === 'large.bin');
  if (file === undefined) throw new Error('large.bin was not found');
  writeFileSync(join(site, 'other'), 'x'.repeat(file.size));
  renameSync(join(site, 'other'), file.file);
  const failure = { code: 'file-changed', message: /^large\.bin changed while it was published/ };
  await t.rejects(collect(streamHashed(file)), failure, 'before the first byte of another file');
});
