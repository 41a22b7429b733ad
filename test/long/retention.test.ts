import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t, { type Test } from 'tap';
import { schema } from '../../shared/json/schema.ts';
import { firstChainState, follow } from '../../shared/log/chain-state.ts';
import { seq } from '../../shared/log/record.ts';
import { payloads } from '../../shared/log/record-kinds.ts';
import { fingerprintOf, type PublicKey } from '../../shared/signing/keys.ts';
import { type PrunePlan, prunePlanSchema } from '../../shared/wire/api.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask, sha256 } from '../helpers/http.ts';
import { packageFolder, writeTree } from '../helpers/tree.ts';

const SITE = 'site';
const CHUNK_LIST = Buffer.from('SKCL');
const plans = schema(prunePlanSchema);

/** Every object of the origin's store with its size, chunk lists apart: what a plan counts. */
async function stored(cluster: Cluster): Promise<Map<string, number>> {
  const folder = join(cluster.origin.data, 'objects');
  const found = new Map<string, number>();
  const small = new DatabaseSync(join(folder, 'small.sqlite'), { readOnly: true });
  for (const { bytes } of small.prepare('SELECT bytes FROM object').iterate()) {
    const content = Buffer.from(bytes as Uint8Array);
    if (!content.subarray(0, 4).equals(CHUNK_LIST)) found.set(sha256(content), content.length);
  }
  small.close();
  for (const file of await readdir(join(folder, 'large'), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const content = await readFile(join(file.parentPath, file.name));
    if (!content.subarray(0, 4).equals(CHUNK_LIST)) found.set(sha256(content), content.length);
  }
  return found;
}

/** As if an hour had passed since the last upload. */
async function age(cluster: Cluster): Promise<void> {
  await cluster.origin.stop();
  const catalog = new DatabaseSync(join(cluster.origin.data, 'catalog.sqlite'));
  catalog.exec('UPDATE object SET touched = touched - 3600001');
  catalog.close();
  await cluster.origin.start();
}

async function checkScopes(t: Test, cluster: Cluster): Promise<void> {
  const calls = async (scope: string) => {
    const { token } = await cluster.client.createToken({ scope });
    const call = async (method: string, path: string) =>
      (await ask(cluster.origin.url, path, { method, headers: { authorization: `Bearer ${token}` } })).status;
    return [
      await call('PUT', `/v1/sites/${SITE}/revisions/3/pin`),
      await call('DELETE', `/v1/sites/${SITE}/revisions/2/pin`),
      await call('PUT', `/v1/sites/${SITE}/revisions/99/pin`),
      await call('POST', '/v1/prune'),
    ];
  };
  t.strictSame(await calls(`publish:${SITE}`), [204, 204, 404, 403]);
  t.strictSame(await calls('publish:another'), [403, 403, 403, 403]);
  t.strictSame(await calls('read'), [403, 403, 403, 403]);
}

t.test('old revisions are pruned, and what is kept is whole', async (t) => {
  const cluster = await startCluster({ edges: 1 });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await cluster.skerry(...args);
    t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const prune = async (...flags: string[]): Promise<PrunePlan> =>
    plans.parseText(await cli('prune', '--json', ...flags));

  const bootstrap = [packageFolder('bootstrap-a'), packageFolder('bootstrap-b')] as const;
  const changed = join(cluster.folder, 'changed');
  await cp(bootstrap[0], changed, { recursive: true });
  const large = { 'large.bin': randomBytes(5_000_000), 'small.bin': randomBytes(5000) };
  const trees = [
    packageFolder('fontawesome-a'),
    bootstrap[0],
    await writeTree(join(cluster.folder, 'large'), large),
    packageFolder('fontawesome-b'),
    bootstrap[0],
    bootstrap[1],
  ];
  for (const tree of trees) await cli('publish', '--allow-shrink', tree, '--site', SITE);
  await cluster.client.putSite(SITE, { policy: { retention: { revisions: 2, days: 0 } } });
  await cli('pin', `${SITE}@3`);
  await checkScopes(t, cluster);

  t.match(await prune('--dry-run'), { sites: [{ revisions: [1, 2, 4] }], objects: 0 }, 'young objects stay');
  await age(cluster);
  const before = await stored(cluster);
  const plan = await prune('--dry-run');
  t.strictSame(await stored(cluster), before, 'a dry run removes nothing');
  t.match(plan, { sites: [{ site: SITE, deleted: false, revisions: [1, 2, 4] }], records: 0 });
  t.match(plan.sites[0], { objects: plan.objects, bytes: plan.bytes });
  t.strictSame(await prune(), plan, 'what was done is what was said');
  const after = await stored(cluster);
  const freed = [...before].filter(([digest]) => !after.has(digest)).map(([, size]) => size);
  t.equal(freed.length, plan.objects, 'objects');
  t.equal(
    freed.reduce((sum, size) => sum + size, 0),
    plan.bytes,
    'bytes',
  );
  t.ok(plan.bytes > 10_000_000, `${plan.bytes} bytes were freed`);
  t.ok(after.has(sha256(large['large.bin'])), 'what is pinned stays');

  for (const revision of [1, 2, 4]) {
    const manifest = cluster.client.manifest(SITE, revision);
    await t.rejects(manifest.next(), { code: 'no-such-revision' }, `${revision} is gone`);
    const refused = await cluster.skerry('rollback', SITE, '--to', String(revision));
    t.match(refused, { code: 1, stderr: /no-such-revision|no revision/ });
  }
  t.strictSame(
    (await cluster.client.revisions(SITE)).map(({ revision }) => revision),
    [6, 5, 3],
  );
  await cluster.converged(SITE);
  t.strictSame(await differences(edge.url, SITE, bootstrap[1]), [], 'what is live is whole');
  await cli('rollback', SITE, '--to', '5');
  await cluster.converged(SITE);
  t.strictSame(await differences(edge.url, SITE, bootstrap[0]), [], 'a rollback to one that is kept');
  await cli('rollback', SITE, '--to', '3');
  await cluster.converged(SITE);
  t.strictSame(await differences(edge.url, SITE, join(cluster.folder, 'large')), [], 'and to a pinned one');
  await cli('unpin', `${SITE}@3`);

  const [keyRecord] = (await cluster.client.log(1, 1)).records;
  if (keyRecord === undefined) throw new Error('the log is empty');
  const { seq: head } = (await cluster.client.status()).origin;
  t.match(await prune('--log', '--dry-run'), { records: head });
  t.match(await prune('--log'), { records: head });
  await cli('publish', '--allow-shrink', changed, '--site', SITE);
  const { records } = await cluster.client.log(1, 100);
  const [checkpoint] = records;
  if (checkpoint === undefined) throw new Error('there is no checkpoint');
  t.match(checkpoint, { seq: head + 1, kind: 'checkpoint' });
  const { key, sites, members } = payloads.checkpoint.parseText(checkpoint.payload);
  t.match(sites, [{ name: SITE, revision: 8, root: /^[0-9a-f]{64}$/ }]);
  t.match(members, [{ name: edge.name, revoked: false }]);
  const trusted = fingerprintOf(payloads.key.parseText(keyRecord.payload).recoveryKey as PublicKey);
  let state = {
    ...firstChainState(checkpoint.log, checkpoint.epoch, key, trusted),
    seq: seq(checkpoint.seq - 1),
    hash: checkpoint.prev as ReturnType<typeof firstChainState>['hash'],
  };
  for (const record of records) state = follow(state, record);
  t.equal(state.seq, records.at(-1)?.seq, 'signed, and without a gap, from the checkpoint on');
  await cluster.converged(SITE);
  t.strictSame(await differences(edge.url, SITE, changed), [], 'an edge that followed goes on');
});
