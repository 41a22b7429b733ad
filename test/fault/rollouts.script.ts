/** `npm run test:rollouts -- [--edges 10] [--files 1000] [--rate 50] [--only NAME]` */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { changeRollout, rolloutOf } from '../../origin/client/rollout-calls.ts';
import { type Node, startCluster } from '../helpers/cluster.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { until } from '../helpers/until.ts';
import { Readers } from './rollout-readers.ts';
import { rolloutSite, type SiteChange, writeSite } from './rollout-site.ts';

const { values } = parseArgs({
  options: {
    edges: { type: 'string', default: '10' },
    files: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
});
const files = Number(values.files);
/**
 * From the second bad answer to the last one. The first one proves nothing, and readers decide when they meet the second
 * one. Edges have as long to show the base again.
 */
const MOST_SECONDS = 3;
// Readers meet a lost page every two seconds, and a revision is found by the second one.
const policyOf = (dwell: number) => ({
  steps: [
    { count: 1, dwell },
    { share: 0.3, dwell: 5 },
  ],
  guards: { requests: 100, lost: 0.005, paths: ['/'], latency: 8, traffic: true },
  without: 'wait',
});

interface Round {
  readonly name: string;
  readonly change: Omit<SiteChange, 'edition'>;
  readonly isGood?: boolean;
  /** What happens to the canary while it shows the revision. */
  readonly befalls?: (canary: Node, signal: AbortSignal) => Promise<void>;
  /** Readers meet no errors, so slots of five seconds before and after the switch are compared. */
  readonly takesSlots?: boolean;
}

const ROUNDS: readonly Round[] = [
  { name: 'a script that is not there', change: { lacksScript: true } },
  {
    name: '5 % of the pages are lost',
    // By Zipf's law, 5 % of the requests for pages are for these.
    change: { without: (_page, place) => place % 20 === 3 },
  },
  { name: 'a section answers 404', change: { redirects: '/section-3/* /404.html 404!\n' } },
  { name: 'serving processes crash', change: {}, befalls: killServing },
  { name: 'its answers take long', change: {}, befalls: slowDown, takesSlots: true },
  { name: 'its readers go away', change: {}, befalls: sendReadersAway, takesSlots: true },
  {
    name: 'pages without links are removed',
    change: { without: (page) => page.startsWith('old/') },
    isGood: true,
  },
];

const tell = (line: string) => process.stdout.write(`${line}\n`);
const cluster = await startCluster({ edges: Number(values.edges) });
const folder = join(cluster.folder, 'site');
const policy = join(cluster.folder, 'policy.json');
const first = rolloutSite(files, { edition: 0 });
await writeSite(folder, first);
await cluster.skerry('publish', folder, '--site', 'docs', '--wait');
// `--wait` ends with the edges that are online by then. Errors of the others would spoil the past of their readers.
await until('all edges to show the site', async () =>
  (await cluster.client.edges()).every(({ sites }) => sites.docs?.revision === 1),
);
const readers = new Readers({
  ports: cluster.edges.map(({ url }) => Number(new URL(url).port)),
  host: 'docs.localhost',
  pages: first.pages,
  rate: Number(values.rate),
  seed: 1,
});
const faults: string[] = [];
try {
  for (const [i, round] of ROUNDS.entries())
    if (values.only === undefined || round.name.includes(values.only)) await play(round, i + 1);
} finally {
  await readers.close();
  await cluster.close();
}
for (const fault of faults) tell(`FAULT ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);

async function play(
  { name, change, isGood = false, befalls, takesSlots = false }: Round,
  edition: number,
): Promise<void> {
  await writeFile(policy, JSON.stringify(policyOf(takesSlots ? 120 : 20)));
  const { revision: base } = await cluster.client.site('docs');
  await writeSite(folder, rolloutSite(files, { ...change, edition }));
  // The past of each edge, with which the new revision is compared.
  await pause(takesSlots ? 60_000 : 4000);
  readers.begin();
  const began = performance.now();
  const over = new AbortController();
  const befalling = befalls === undefined ? undefined : onCanary(base, befalls, over.signal);
  const paused = abortWhenPaused(over.signal);
  const args = ['publish', folder, '--site', 'docs', '--rollout', policy, '--wait', '--allow-shrink'];
  const { code, stderr } = await cluster.skerry(...args);
  const seconds = (performance.now() - began) / 1000;
  over.abort();
  await befalling;
  readers.visitAll();
  if (await paused) faults.push(`${name}: it was paused, and waited for somebody`);
  const edgesAt = async () =>
    (await cluster.client.edges()).filter(({ sites }) => (sites.docs?.revision ?? 0) > base).length;
  const wanted = isGood ? cluster.edges.length : 0;
  await until(
    'the edges to show what they should',
    async () => (await edgesAt()) === wanted,
    MOST_SECONDS * 1000,
  ).catch(() => {});
  await pause(500);
  const { tally } = readers;
  const at = await edgesAt();
  const lasted = (tally.lastBad - tally.firstBad) / 1000;
  const lastedOn = tally.bad < 2 ? 0 : (tally.lastBad - tally.secondBad) / 1000;
  const rollout = JSON.parse((await cluster.skerry('rollout', 'status', 'docs', '--json')).stdout) as {
    edges: string[];
    state: string;
    reason: string;
    evidence: { edges: unknown[] };
  };
  const canaries = rollout.edges.map((edge) => cluster.edges.findIndex((node) => node.name === edge));
  const share = canaries.reduce((sum, i) => sum + (tally.requestsAt.get(i) ?? 0), 0) / tally.requests;
  tell(
    `${name}: ${rollout.state} after ${seconds.toFixed(1)} s at ${rollout.edges.length} edges; ${tally.requests} requests, ${(100 * share).toFixed(0)} % of them at these, ` +
      `${tally.bad} bad answers at ${tally.badAt.size} edges within ${lasted.toFixed(2)} s, ${lastedOn.toFixed(2)} s from the second one; ${rollout.reason}`,
  );
  if (stderr !== '') tell(`  ${stderr.trim()}`);
  for (const crossed of tally.crossed.slice(0, 3)) tell(`  crossed: ${crossed}`);
  if (isGood) {
    if (code !== 0 || at !== wanted) faults.push(`${name}: exit code ${code}, shown at ${at} edges`);
    if (tally.bad > 0) faults.push(`${name}: ${tally.bad} bad answers`);
    return;
  }
  if (code !== 1) tell(`  ${JSON.stringify(rollout.evidence.edges)}`);
  if (code !== 1) faults.push(`${name}: exit code ${code}`);
  if (at > 0) faults.push(`${name}: still at ${at} edges`);
  if (rollout.edges.length > 1) faults.push(`${name}: beyond its canary, at ${rollout.edges.join(' ')}`);
  if (lastedOn > MOST_SECONDS) faults.push(`${name}: bad answers for ${lastedOn.toFixed(2)} s`);
  if (change.lacksScript !== true && tally.crossed.length > 0)
    faults.push(`${name}: ${tally.crossed.length} assets were missing at other edges`);
}

/** Lets something happen to the edge that shows a newer revision, until it shows the base again. */
async function onCanary(
  base: number,
  befalls: NonNullable<Round['befalls']>,
  over: AbortSignal,
): Promise<void> {
  const canary = await until('an edge to show the revision', async () =>
    (await cluster.client.edges()).find(({ sites }) => (sites.docs?.revision ?? 0) > base),
  );
  const node = cluster.edges.find(({ name }) => name === canary.name);
  if (node === undefined) throw new Error(`there is no edge ${canary.name}`);
  const back = new AbortController();
  const befalling = befalls(node, AbortSignal.any([over, back.signal]));
  while (!over.aborted) {
    const shown = (await cluster.client.edges()).find(({ name }) => name === canary.name);
    if ((shown?.sites.docs?.revision ?? 0) <= base) break;
    await pause(200);
  }
  back.abort();
  await befalling;
}

async function killServing({ running }: Node, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const pid of await childrenOf(running?.pid ?? 0)) process.kill(pid, 'SIGKILL');
    await pause(400);
  }
}

/** Each write of the serving processes takes longer, as on a machine that is out of memory. Needs strace. */
async function slowDown({ running }: Node, signal: AbortSignal): Promise<void> {
  const serving = await childrenOf(running?.pid ?? 0);
  const delay = 'inject=write,writev,sendto,sendmsg:delay_exit=30000';
  const args = ['-f', '-q', '-o', '/dev/null', '-e', 'trace=write,writev,sendto,sendmsg', '-e', delay];
  const strace = spawn('strace', [...args, ...serving.flatMap((pid) => ['-p', String(pid)])]);
  signal.addEventListener('abort', () => strace.kill('SIGINT'), { once: true });
  if (signal.aborted) strace.kill('SIGINT');
  await once(strace, 'exit');
}

async function sendReadersAway(node: Node, signal: AbortSignal): Promise<void> {
  // An edge that never had readers gives no evidence.
  await pause(5000);
  if (!signal.aborted) readers.leave(cluster.edges.indexOf(node));
}

/** A paused rollout would wait for ever. Resolves with whether there was one. */
async function abortWhenPaused(over: AbortSignal): Promise<boolean> {
  while (!over.aborted) {
    await pause(1000);
    const newest = await rolloutOf(cluster.client, 'docs').catch(() => undefined);
    if (over.aborted || newest?.state !== 'paused') continue;
    await changeRollout(cluster.client, 'docs', 'abort');
    return true;
  }
  return false;
}
