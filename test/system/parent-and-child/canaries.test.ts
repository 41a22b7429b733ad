import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Rollout } from '../../../shared/wire/rollout-api.ts';
import { ask } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, child as edge, parent as other } from './cluster.ts';

/** A revision that reaches the child first, is judged there, and is taken back or becomes live. */
const SITE = 'rolled';
const HOST = { host: `${SITE}.localhost` };
const PAGES = { 'index.html': 'home', 'news.html': 'news', 'app.3f2a9bc1.js': 'old' };
const folder = join(cluster.folder, SITE);
const policy = join(cluster.folder, 'rollout.json');
await writeFile(
  policy,
  JSON.stringify({
    steps: [{ edges: [edge.name], dwell: 3600 }],
    guards: { requests: 1, lost: 0, paths: ['/'] },
    without: 'wait',
  }),
);
await writeTree(folder, PAGES);
await cluster.skerry('publish', folder, '--site', SITE, '--wait');

/** Under load, an edge may be without a lease for a moment. With fewer than two, a rollout is refused. */
const publish = async (...more: string[]) => {
  await until('both edges to be online', async () =>
    (await cluster.client.edges()).filter(({ revoked }) => !revoked).every(({ online }) => online),
  );
  return cluster.skerry('publish', folder, '--site', SITE, '--rollout', policy, ...more);
};
const rollout = async () =>
  JSON.parse((await cluster.skerry('rollout', 'status', SITE, '--json')).stdout) as Rollout;
const shownBy = async ({ url }: typeof edge, path = '/', headers = {}) =>
  (await ask(url, path, { headers: { ...HOST, ...headers } })).status;
/** Ends with the reason when the rollout has ended before, for example because the canary did not answer itself. */
const shownAtCanary = (body: string) =>
  until(`the canary to show "${body}"`, async () => {
    if ((await bodyAt(edge)) === body) return true;
    const { state, ended, reason } = await rollout().catch(() => ({ state: '', ended: null, reason: '' }));
    if (ended !== null) throw new Error(`the rollout is ${state}: ${reason}`);
    return false;
  });
const bodyAt = async ({ url }: typeof edge) => (await ask(url, '/', { headers: HOST })).body.toString();

t.test('a sync publish is refused with the reason', async (t) => {
  t.match(await publish('--mode', 'sync'), { code: 1, stderr: /cannot reach them in steps/ });
  t.match(await cluster.skerry('rollout', 'status', SITE), { code: 1, stderr: /has had no rollout/ });
});

t.test('a revision that lost a page is taken back, and the publish fails with what it lost', async (t) => {
  const { 'news.html': _news, ...rest } = PAGES;
  await writeTree(folder, { ...rest, 'index.html': 'home without news', 'app.3f2a9bc1.js': 'old' });
  const over = new AbortController();
  const published = publish('--wait', '--allow-shrink').finally(() => over.abort());
  await Promise.race([
    until('the rollout to begin', async () => (await rollout().catch(() => undefined))?.state === 'running'),
    published.then((ended) => {
      throw new Error(`the publish has ended: ${JSON.stringify(ended)}`);
    }),
  ]);
  await shownAtCanary('home without news');
  t.equal(await bodyAt(other), 'home', 'no other edge does');
  const referer = `http://${SITE}.localhost/`;
  while (!over.signal.aborted) await shownBy(edge, '/news.html', { referer });
  t.match(await published, { code: 1, stderr: /\/news\.html answered 404 instead of 200 from \/ \(/ });
  await until('the canary to show the base', async () => (await bodyAt(edge)) === 'home');
  t.equal(await shownBy(edge, '/news.html'), 200);
  const { state, evidence } = await rollout();
  t.equal(state, 'failed');
  t.match(evidence.edges, [{ edge: edge.name, verdict: 'bad' }]);
  const { stdout } = await cluster.skerry('log', '--json');
  t.match(stdout, /"kind":"abort"/);
});

t.test('a step and what took it back have receipts, which are exported', async (t) => {
  const { records } = await cluster.client.log(1, 1000);
  const of = (kind: string) => records.findLast((record) => record.kind === kind)?.seq ?? 0;
  const file = join(cluster.folder, 'receipts.json');
  const exported = async (subject: string, record: number) => {
    const args = ['receipts', `${SITE}@${subject}`, '--export', file, '--record', String(record)];
    await until(`the receipt for record ${record}`, async () =>
      /1 receipt in .*, 0 edges without one/.test((await cluster.skerry(...args)).stdout),
    );
    return cluster.skerry('verify-receipts', file);
  };
  t.match(await exported('2', of('rollout')), {
    code: 0,
    stdout: new RegExp(`revision 2 in a rollout, root [^]*${edge.name} `),
  });
  t.match(await exported('1', of('abort')), {
    code: 0,
    stdout: new RegExp(`revision 1 again after a rollout was taken back, root [^]*${edge.name} `),
  });
  t.match(await cluster.skerry('receipts', `${SITE}@2`, '--export', file), { code: 0 });
  t.match(await cluster.skerry('receipts', `${SITE}@2`, '--record', '9'), {
    code: 1,
    stderr: /--record says what --export writes/,
  });
});

t.test(
  'both editions answer for the assets of their pages, and a finished rollout reaches all',
  async (t) => {
    const { 'app.3f2a9bc1.js': _app, ...rest } = PAGES;
    await writeTree(folder, { ...rest, 'index.html': 'new home', 'app.9bc13f2a.js': 'new' });
    t.match(await publish(), { code: 0, stdout: /reaches the edges in steps/ });
    await shownAtCanary('new home');
    for (const asset of ['/app.3f2a9bc1.js', '/app.9bc13f2a.js'])
      t.equal(await shownBy(edge, asset), 200, `${asset} at the canary`);
    await until(
      'the other edge to have the new asset',
      async () => (await shownBy(other, '/app.9bc13f2a.js')) === 200,
    );
    t.match(await cluster.skerry('rollout', 'pause', SITE), {
      code: 0,
      stdout: /paused: somebody paused it/,
    });
    t.match(await cluster.skerry('rollout', 'resume', SITE), { code: 0, stdout: /running/ });
    t.match(await cluster.skerry('rollout', 'finish', SITE), { code: 0, stdout: /done/ });
    await cluster.converged(SITE);
    t.match(await cluster.skerry('rollout', 'abort', SITE), { code: 1, stderr: /the rollout has ended/ });
  },
);
