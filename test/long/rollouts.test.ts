import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import type { Rollout } from '../../shared/wire/rollout-api.ts';
import { type Node, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SITE = 'www';
const cluster = await startCluster({
  edges: 3,
  within: ON_DISK,
  originArgs: ['--webhook-allow-http', '--webhook-allow-private'],
});
t.teardown(() => cluster.close());
const folder = join(cluster.folder, 'site');
const [canary, ...others] = cluster.edges as [Node, ...Node[]];

const policyFile = async (name: string, guards: object = {}, dwell = 1, without = 'go-on') => {
  const file = join(cluster.folder, `${name}.json`);
  const steps = [
    { edges: [canary.name], dwell },
    { count: 2, dwell },
  ];
  await writeFile(
    file,
    JSON.stringify({ steps, guards: { requests: 0, lost: 0, paths: ['/'], ...guards }, without }),
  );
  return file;
};
const quick = await policyFile('quick');
const patient = await policyFile('patient', {}, 3600);

/** Each edition has an asset of its own, which its pages ask for. */
const asset = (edition: number) => `app.${String(edition).padStart(8, 'a')}.js`;
const write = (edition: number, more: Record<string, string> = { 'news.html': 'news' }) =>
  writeTree(folder, {
    'index.html': `edition ${edition} <script src="/${asset(edition)}"></script>`,
    [asset(edition)]: `edition ${edition}`,
    ...more,
  });
const publish = (policy: string, ...more: string[]) =>
  cluster.skerry('publish', folder, '--site', SITE, '--rollout', policy, '--allow-shrink', ...more);
const rollout = () => cluster.skerry('rollout', 'status', SITE, '--json');
const state = async () => {
  const { code, stdout } = await rollout();
  return code === 0 ? (JSON.parse(stdout) as Rollout) : undefined;
};
const statusOf = async ({ url }: Node, path: string, headers = {}) =>
  (await read(url, SITE, path, { headers })).status;
const editionAt = async ({ url }: Node) =>
  Number(/edition (\d+)/.exec((await read(url, SITE, '')).body.toString())?.[1]);
const allShow = (edition: number) =>
  until(`all edges to show edition ${edition}`, async () => {
    const shown = await Promise.all(cluster.edges.map(editionAt));
    return shown.every((one) => one === edition);
  });
const restartOrigin = async () => {
  await cluster.origin.stop('SIGKILL');
  await cluster.origin.start();
};

let edition = 1;
await write(edition);
await cluster.skerry('publish', folder, '--site', SITE, '--wait');

t.test('an origin that is killed during a rollout goes on with it', async (t) => {
  for (const moment of [0, 200, 900, 1800]) {
    const base = edition++;
    await write(edition);
    const began = await publish(quick);
    t.equal(began.code, 0, began.stderr);
    await pause(moment);
    const before = await state();
    await restartOrigin();
    const after = await until('the rollout to end', async () => {
      const now = await state();
      return now?.ended != null && now;
    });
    t.equal(after.revision, before?.revision, `killed ${moment} ms after its begin, at step ${before?.step}`);
    t.equal(after.state, 'done', after.reason);
    await allShow(edition);
    const { records } = await cluster.client.log(1, 1000);
    const steps = records.filter(({ kind, revision }) => kind === 'rollout' && revision === after.revision);
    t.strictSame(
      steps.map(({ payload }) => (JSON.parse(payload) as { edges: string[] }).edges.length),
      [0, 1, 2],
      'each step happened once',
    );
    t.ok(base < edition);
  }
});

t.test('it takes a bad revision back that it had begun before it was killed', async (t) => {
  for (const [i, isSeenBefore] of [false, true].entries()) {
    const base = edition;
    await write(base + 100 + i, {});
    t.match(await publish(patient), { code: 0 });
    await until('the canary to show it', async () => (await editionAt(canary)) === base + 100 + i);
    const lose = () =>
      statusOf(canary, 'news.html', { referer: `http://${SITE}.localhost/` }).catch(() => undefined);
    // The second time, the origin is killed just when it learns of the errors.
    if (isSeenBefore) for (let n = 0; n < 4; n++) await lose();
    await restartOrigin();
    const after = await until('the rollout to end', async () => {
      await lose();
      const now = await state();
      return now?.ended != null && now;
    });
    t.equal(after.state, 'failed', after.reason);
    t.strictSame(after.edges, [canary.name]);
    await allShow(base);
    t.equal(await statusOf(canary, 'news.html'), 200);
  }
});

t.test('the assets of a loaded page answer at every edge, during a rollout and after its end', async (t) => {
  for (const end of ['finish', 'abort'] as const) {
    const base = edition;
    const next = base + (end === 'finish' ? 1 : 200);
    await write(next);
    t.match(await publish(patient), { code: 0 });
    await until('the canary to show it', async () => (await editionAt(canary)) === next);
    const everywhere = async (when: string) => {
      for (const node of cluster.edges)
        for (const one of [base, next])
          t.equal(await statusOf(node, asset(one)), 200, `${asset(one)} at ${node.name} ${when}`);
    };
    await until('the others to have the new asset', async () => {
      const found = await Promise.all(others.map((node) => statusOf(node, asset(next))));
      return found.every((status) => status === 200);
    });
    await everywhere('during the rollout');
    // Readers ask all the while. The edges switch one by one.
    const over = new AbortController();
    const missed: string[] = [];
    const asking = Promise.all(
      cluster.edges.map(async (node) => {
        while (!over.signal.aborted)
          for (const one of [base, next]) {
            const status = await statusOf(node, asset(one));
            if (status !== 200) missed.push(`${asset(one)} at ${node.name}: ${status}`);
          }
      }),
    );
    t.match(await cluster.skerry('rollout', end, SITE), { code: 0 });
    if (end === 'finish') edition = next;
    await allShow(edition);
    over.abort();
    await asking;
    t.strictSame(missed, [], `while it ends by ${end}`);
    await everywhere(`after ${end}`);
  }
});

t.test('a webhook is asked before each step, and its veto takes a revision back', async (t) => {
  const asked: { type: string; data: { step: number; site: string } }[] = [];
  let answer = '{"verdict":"go"}';
  const receiver = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    t.match(request.headers['webhook-signature'], /^v1,/);
    const question = JSON.parse(text) as (typeof asked)[number];
    if (question.type === 'rollout-question') asked.push(question);
    response.end(answer);
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.teardown(() => receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/gate`;
  t.match(await cluster.skerry('webhook', 'set', 'gate', '--url', url), { code: 0 });
  const gated = await policyFile('gated', { webhook: 'gate' });
  await write(++edition);
  const passed = await publish(gated, '--wait');
  t.equal(passed.code, 0, passed.stderr);
  t.match(
    asked.map(({ data }) => [data.site, data.step]),
    [
      [SITE, 1],
      [SITE, 2],
      [SITE, 3],
    ],
  );
  await allShow(edition);
  answer = '{"verdict":"veto","reason":"a freeze"}';
  await write(edition + 300);
  t.match(await publish(gated, '--wait'), { code: 1, stderr: /the webhook gate vetoes: a freeze/ });
  await allShow(edition);
  const unknown = await policyFile('unknown', { webhook: 'other' });
  t.match(await publish(unknown), { code: 1, stderr: /asks the webhook other, which does not exist/ });
  answer = '{"verdict":"wait"}';
  t.match(await publish(gated), { code: 0 });
  t.match(await cluster.skerry('webhook', 'delete', 'gate'), { code: 0 });
  await until('it to be paused', async () => {
    const now = await state();
    return now?.state === 'paused' && now.reason === 'there is no webhook gate';
  });
  t.match(await cluster.skerry('rollout', 'abort', SITE), { code: 0 });
});
