import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { ApiClient } from '../../../origin/client/api-client.ts';
import { publishFolder } from '../../../origin/client/folder/publish-folder.ts';
import { startHashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { CommitRequest, Deploy } from '../../../shared/wire/deploy-api.ts';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { writeTree } from '../../helpers/tree.ts';

const SITE = 'again';

/** Notes the lines of each deploy, and how many nodes of a manifest are read. `before` runs when a deploy is about to be made. */
class WatchedClient extends ApiClient {
  readonly deploys: string[][] = [];
  readonly nodesRead: number[] = [];
  before: () => Promise<unknown> = async () => {};

  override manifest(site: string, revision: number, query?: string) {
    if (query?.startsWith('?nodes=')) this.nodesRead.push(query.split(',').length);
    return super.manifest(site, revision, query);
  }

  override async createDeploy(site: string, lines: Readable): Promise<Deploy> {
    await this.before();
    const text = (await lines.toArray()).join('');
    this.deploys.push(text.trim().split('\n'));
    return super.createDeploy(site, Readable.from([text]));
  }
}

async function world(t: Test) {
  const origin = await loneOrigin(t);
  const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const signal = new AbortController().signal;
  const client = new WatchedClient(origin.url, origin.token, signal);
  const hashThreads = startHashThreads();
  t.teardown(async () => {
    await client.close();
    await hashThreads.close();
  });
  const publish = async (files: Record<string, string>, commit: CommitRequest = {}) => {
    await rm(folder, { recursive: true, force: true });
    await writeTree(folder, files);
    return publishFolder({ client, hashThreads, site: SITE, commit, progress: () => {}, signal }, folder);
  };
  const paths = async () => {
    const { revision } = await client.site(SITE);
    const found: string[] = [];
    for await (const { path } of client.manifest(SITE, revision)) found.push(path);
    return found.sort();
  };
  return { origin, client, publish, paths };
}

const tree = (changes: Record<string, string> = {}) => ({
  a: '1',
  b: '2',
  c: '3',
  d: '4',
  e: '5',
  g: '7',
  h: '8',
  ...changes,
});

t.test('only what has changed is sent to an origin that has the rest', async (t) => {
  const { client, publish, paths } = await world(t);
  await publish(tree());
  t.equal(client.deploys.pop()?.length, 8, 'the header and each file');
  t.match(await publish(tree()), { commit: { unchanged: true, revision: 1 }, files: 7, sentFiles: 0 });
  t.strictSame(client.deploys.pop(), ['{"base":1,"expect":1}']);
  t.strictSame(client.nodesRead, [], 'the manifest is not read when nothing has changed');
  const { b: _, ...without } = tree({ a: '9', f: '6' });
  t.match(await publish(without), { commit: { unchanged: false, revision: 2 }, sentFiles: 2 });
  t.match(client.deploys.pop()?.sort(), [
    '{"base":1,"expect":1}',
    '{"delete":"b"}',
    /"path":"a"/,
    /"path":"f"/,
  ]);
  t.strictSame(client.nodesRead, [3], 'else the part that differs');
  t.strictSame(await paths(), ['a', 'c', 'd', 'e', 'f', 'g', 'h']);
});

t.test('a folder that is mostly new, and a draft, are sent whole', async (t) => {
  const { client, publish, paths } = await world(t);
  await publish(tree());
  await publish({ x: '1', y: '2', a: '1' });
  t.equal(client.deploys.pop()?.[0], '{}');
  t.strictSame(await paths(), ['a', 'x', 'y']);
  t.match(await publish({ x: '1', y: '2', a: '1' }, { alias: 'pr-1' }), { commit: { outcome: 'draft' } });
  t.equal(client.deploys.pop()?.[0], '{}');
});

t.test('whoever publishes in between is replaced, as by any publish of a whole folder', async (t) => {
  const { origin, client, publish, paths } = await world(t);
  await publish(tree());
  client.before = async () => {
    client.before = async () => {};
    await origin.put(SITE, 'from-somebody-else', 'x');
  };
  t.match(await publish(tree({ a: '9' })), { commit: { revision: 3, unchanged: false } });
  t.strictSame(
    client.deploys.slice(-2).map(([header]) => header),
    ['{"base":1,"expect":1}', '{}'],
  );
  t.strictSame(await paths(), ['a', 'b', 'c', 'd', 'e', 'g', 'h']);
});

t.test('what somebody has stored with a file does not outlive a publish of the folder', async (t) => {
  const { origin, client, publish } = await world(t);
  await publish(tree());
  const stored = await ask(origin.url, `/v1/sites/${SITE}/files/a`, {
    ...{ method: 'PUT', body: '1' },
    headers: { authorization: `Bearer ${origin.token}`, 'cache-control': 'no-store' },
  });
  t.match(JSON.parse(stored.body.toString()), { revision: 2 });
  t.match(await publish(tree()), { commit: { revision: 3 }, sentFiles: 0 });
  t.match(client.deploys.pop(), ['{"base":2,"expect":2}', /"path":"a"/]);
  const [first, third] = [await client.revision(SITE, 1), await client.revision(SITE, 3)];
  t.equal(third.root, first.root);
});
