import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode, type SkerryError } from '../../shared/errors.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { type Answer, ask, read } from '../helpers/http.ts';
import { random } from '../helpers/random.ts';
import { startProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { until } from '../helpers/until.ts';
import { Contents, markerOf } from './sync-content.ts';
import { Faults } from './sync-faults.ts';
import {
  type AsyncPublish,
  type Ending,
  type Fault,
  floorsOf,
  judgeAsync,
  judgePublishes,
  judgeReads,
  type Late,
  type Logs,
  type Promptness,
  type Publish,
  readLog,
} from './sync-judge.ts';
import { BESIDE, HOLDS, LOOSE, type PlannedRound, planRounds, STRICT, type SyncPolicy } from './sync-plan.ts';
import { pollAll, type Read } from './sync-readers.ts';

const SITES = [STRICT, LOOSE, BESIDE];
const ASYNC_EVERY_MS = 200;
const PULSE_MS = 20;
const CONVERGED_MS = 60_000;
const AFTER_LEASE_MS = 8000;
/** Orphans end by themselves after ten seconds. */
const ORPHANS_MS = 15_000;

export interface SyncOptions {
  readonly publishes: number;
  readonly seed: number;
  readonly edges: number;
  /** Short faults and time-outs. */
  readonly isQuick: boolean;
  readonly tell: (line: string) => void;
}

export interface SyncOutcome {
  readonly publishes: number;
  /** By how they ended. */
  readonly endings: Readonly<Record<string, number>>;
  readonly reads: number;
  readonly refusals: number;
  /** Faults that were in force, by kind. */
  readonly injected: Readonly<Record<string, number>>;
  /** What acknowledgements promised of one edge each, by why. */
  readonly floors: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly exempted: number;
  readonly async: Promptness;
  /** What must not have happened; empty when all is well. */
  readonly faults: readonly Fault[];
}

/**
 * Publishes synchronously while readers poll every edge and edges, their processes, their links and the origin
 * fail by chance; then judges every answer by what was acknowledged, and by the log.
 */
export async function syncRounds({ publishes: wanted, seed, edges, isQuick, tell }: SyncOptions) {
  const proxies: TcpProxy[] = [];
  const cluster = await startCluster({
    edges,
    processes: 2,
    originUrl: async (origin) => {
      const { hostname: host, port } = new URL(origin);
      for (let i = 0; i < edges; i++)
        proxies.push(await startProxy({ target: { host, port: Number(port) } }));
      return origin;
    },
    args: (index) => ['--origin', proxies[index]?.url ?? ''],
  });
  const stop = new AbortController();
  const { signal } = stop;
  const faults = new Faults(cluster, proxies, random(seed + 1));
  const run = new Run(cluster, faults, signal);
  try {
    await run.begin();
    const reads: Read[] = [];
    const names = cluster.edges.map(({ name }) => name);
    const reading = pollAll({
      edges: cluster.edges,
      sites: SITES,
      contents: run.contents,
      dice: random(seed + 2),
      reads,
      betweenMs: isQuick ? 30 : 8,
      signal,
    });
    const beside = run.publishBeside();
    const watching = watch(signal);
    await pause(isQuick ? 500 : 5000);

    const since = performance.now();
    let number = 0;
    for (const round of planRounds(random(seed), wanted, edges, isQuick)) {
      const lines = await run.round(round);
      number++;
      tell(`${number} (${run.publishes.length}/${wanted}) ${lines}`);
    }
    await faults.over();
    run.quiet.abort();
    const asyncPublishes = await beside;
    const ended: Fault[] = await run.converge();
    await pause(200);
    stop.abort();
    const [late] = await Promise.all([watching, reading]);

    const { logs, faults: gaps } = readLog(await run.log());
    const floors = floorsOf(run.publishes, names);
    const judged = judgePublishes(run.publishes, logs, late);
    const async = judgeAsync(asyncPublishes, run.publishes, since, late);
    ended.push(
      ...faults.failures.map((text) => ({ kind: 'did not come back', text })),
      ...(await run.orphans()),
      ...gaps,
      ...judged.faults,
      ...judgeReads(reads, floors, logs, faults.spans),
      ...async.faults,
    );
    return {
      publishes: run.publishes.filter(({ isRepeated }) => !isRepeated).length,
      endings: countBy(
        run.publishes,
        (one) => `${endingOf(one, logs)}${one.isRepeated ? ' (repeated)' : ''}`,
      ),
      reads: reads.length,
      refusals: reads.filter(({ status }) => status === 503).length,
      injected: { ...Object.fromEntries(faults.counts), 'refused starts': faults.refusedStarts },
      floors: countBy(floors, ({ why }) => why),
      longestMs: Math.max(...run.publishes.map(({ began, ended }) => ended - began)),
      exempted: judged.exempted,
      async,
      faults: ended,
    } satisfies SyncOutcome;
  } finally {
    stop.abort();
    await faults.over();
    await cluster.close();
    for (const proxy of proxies) await proxy.close();
  }
}

class Run {
  readonly contents = new Contents();
  readonly publishes: Publish[] = [];
  /** Ends what is published beside. */
  readonly quiet = new AbortController();
  readonly #cluster: Cluster;
  readonly #faults: Faults;
  readonly #signal: AbortSignal;
  #count = 0;

  constructor(cluster: Cluster, faults: Faults, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#signal = signal;
  }

  /** All sites hold something everywhere. */
  async begin(): Promise<void> {
    const { client } = this.#cluster;
    for (const site of [STRICT, LOOSE]) {
      await client.putSite(site, { policy: { mode: 'sync' } });
      await client.commit(await this.#upload(site, `${site}-0`), { mode: 'async', message: `${site}-0` });
    }
    await client.putSite(BESIDE);
    await client.commit(await this.#upload(BESIDE, 'beside-0'), { message: 'beside-0' });
    await this.#setPolicies({ [STRICT]: { withoutLease: 'refuse' } });
    for (const site of SITES) await this.#cluster.converged(site);
    // Edges that have just begun refuse until they have seen a head.
    for (const { url } of this.#cluster.edges)
      await until('the first answer', async () => (await read(url, STRICT, 'index.html')).status === 200);
  }

  /** One round of the plan; says what happened. */
  async round({ policies, publishes, faults, isCalm, repeats }: PlannedRound): Promise<string> {
    if (isCalm) {
      await this.#faults.over();
      await this.#caughtUp();
    }
    await this.#setPolicies(policies);
    const deploys = await Promise.all(
      publishes.map(async ({ site, at }) => {
        const marker = `${site}-${++this.#count}`;
        return { site, at, marker, id: await patiently(() => this.#upload(site, marker)) };
      }),
    );
    const begun = performance.now();
    const injected = faults.map(async (fault) => {
      await pause(fault.at);
      const { kind, edge, at, lasts } = fault;
      const where = kind === 'kill-origin' ? '' : ` ${edge + 1}`;
      return `${kind}${where} at ${at} for ${lasts}${this.#faults.begin(fault) ? '' : ' (skipped)'}`;
    });
    const published = await Promise.all(
      deploys.map(async ({ site, at, marker, id }) => {
        const policy = policies[site];
        await pause(Math.max(0, at - (performance.now() - begun)));
        const one = await this.#publish(site, marker, id, policy, false);
        if (one.ending.kind !== 'lost' || !repeats) return [one];
        // The origin is down: it is asked again once it is up.
        await patiently(() => this.#cluster.client.sites());
        return [one, await this.#publish(site, marker, id, policy, true)];
      }),
    );
    const done = published.flat();
    this.publishes.push(...done);
    return `t=${Math.round(begun)} ${isCalm ? 'calm; ' : ''}${done.map(inWords).join(' | ')}; ${(await Promise.all(injected)).join(', ')}`;
  }

  /** Every edge is online and shows at least what is live now: one site is published to all the while. */
  async #caughtUp(): Promise<void> {
    const { client } = this.#cluster;
    const live = await patiently(() => client.sites());
    await until('all edges to be back', async () => {
      const edges = await patiently(() => client.edges());
      return edges.every(({ online, sites }) => {
        return online && live.every(({ name, revision }) => (sites[name]?.revision ?? 0) >= revision);
      });
    });
  }

  /** A site that is published to without pause; resolves with what that took. */
  async publishBeside(): Promise<AsyncPublish[]> {
    const { origin, token } = this.#cluster;
    const done: AsyncPublish[] = [];
    for (let i = 1; !this.quiet.signal.aborted && !this.#signal.aborted; i++) {
      const marker = `beside-${i}`;
      const { body, path } = this.contents.note(marker, 'index.html');
      const began = performance.now();
      const wasDown = this.#faults.isOriginDown;
      const answer = await ask(origin.url, `/v1/sites/${BESIDE}/files/${path}`, {
        method: 'PUT',
        body,
        headers: { authorization: `Bearer ${token}` },
      }).catch(() => undefined);
      const isLost = answer === undefined || wasDown || this.#faults.isOriginDown;
      done.push({ began, ended: performance.now(), isLost });
      await pause(ASYNC_EVERY_MS);
    }
    return done;
  }

  /** In the end all edges answer from what is live, from all their processes. */
  async converge(): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const site of SITES) {
      try {
        const revision = await this.#cluster.converged(site, CONVERGED_MS);
        for (const { name, url } of this.#cluster.edges) {
          // Edges that have just a lease again refuse until the next head, which comes within five seconds.
          // Each process is told of it, one a little later than another.
          const answers = await until(
            `${name} to serve ${site}`,
            async () => {
              const found = await this.#readOften(url, site);
              return found.every(({ status }) => status === 200) && found;
            },
            AFTER_LEASE_MS,
          );
          for (const answer of answers) {
            const shown = String(answer.headers['skerry-revision']);
            if (answer.status === 200 && shown === `${site}@${revision}`) continue;
            const text = `${name} shows ${shown} of ${site} (${answer.status}), live is ${revision}`;
            faults.push({ kind: 'not converged', text: `${text}: ${markerOf(answer.body)}` });
          }
        }
      } catch (error) {
        faults.push({ kind: 'not converged', text: `${site}: ${error}` });
      }
    }
    return faults;
  }

  /** Over so many connections that each process answers some. */
  async #readOften(url: string, site: string): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let i = 0; i < 12; i++)
      answers.push(await read(url, site, 'index.html', { headers: { connection: 'close' } }));
    return answers;
  }

  /** No serving process outlives its replicator for long. */
  async orphans(): Promise<Fault[]> {
    try {
      await until('orphans to end', () => this.#faults.survivors().length === 0, ORPHANS_MS);
      return [];
    } catch {
      const left = this.#faults.survivors();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.map((pid) => ({ kind: 'orphan', text: `process ${pid} serves on without its replicator` }));
    }
  }

  async log(): Promise<LogRecord[]> {
    const { client } = this.#cluster;
    const records: LogRecord[] = [];
    while (true) {
      const page: LogRecord[] = (await client.log(records.length + 1, 1000)).records;
      records.push(...page);
      if (page.length < 1000) return records;
    }
  }

  async #publish(
    site: string,
    marker: string,
    deploy: string,
    policy: SyncPolicy,
    isRepeated: boolean,
  ): Promise<Publish> {
    const began = performance.now();
    const wasDown = this.#faults.isOriginDown;
    let ending: Ending;
    try {
      const commit = await this.#cluster.client.commit(deploy, { message: marker });
      ending = { kind: 'answered', commit };
    } catch (error) {
      if (hasCode(error, 'sync-aborted'))
        ending = { kind: 'aborted', revision: Number((error as SkerryError).details.revision) };
      else if (hasCode(error, 'sync-timeout')) ending = { kind: 'timeout' };
      else if (wasDown || this.#faults.isOriginDown) ending = { kind: 'lost' };
      else throw error;
    }
    return { site, marker, policy, began, ended: performance.now(), ending, isRepeated };
  }

  async #upload(site: string, marker: string): Promise<string> {
    const { client } = this.#cluster;
    const files = this.contents.tree(marker, HOLDS[site] ?? []);
    const lines = files.map(({ path, digest, body }) => JSON.stringify({ path, digest, size: body.length }));
    const { id, missing } = await client.createDeploy(site, Readable.from([`${lines.join('\n')}\n`]));
    for (const { digest, body } of files)
      if (missing.includes(digest)) await client.putObject(site, digest, body, body.length);
    return id;
  }

  async #setPolicies(policies: Readonly<Record<string, Partial<SyncPolicy>>>): Promise<void> {
    for (const [site, sync] of Object.entries(policies))
      await patiently(() => this.#cluster.client.putSite(site, { policy: { sync } }));
  }
}

/** Again and again while the origin is down. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end || !hasCode(error, 'origin-unreachable')) throw error;
      await pause(100);
    }
  }
}

/** When this process, and so probably the machine, was late. */
async function watch(signal: AbortSignal): Promise<Late[]> {
  const late: Late[] = [];
  while (!signal.aborted) {
    const before = performance.now();
    await pause(PULSE_MS);
    const at = performance.now();
    const ms = at - before - PULSE_MS;
    if (ms > 100) late.push({ at, ms });
  }
  return late;
}

function inWords({ site, marker, policy, began, ended, ending }: Publish): string {
  const { require, timeout, onFailure } = policy;
  const how = `${require === 'all' ? 'all' : `quorum ${require.quorum}`} ${timeout} s ${onFailure}`;
  const edges =
    ending.kind === 'answered'
      ? ending.commit.edges.map(({ edge, state }) => `${edge.slice(5)} ${state}`)
      : [];
  const end =
    ending.kind === 'answered'
      ? `${ending.commit.outcome} r${ending.commit.revision} (${edges.join(', ')})`
      : ending.kind === 'aborted'
        ? `aborted r${ending.revision}`
        : ending.kind;
  return `${marker} on ${site} [${how}]: ${end} in ${Math.round(ended - began)} ms`;
}

function endingOf({ ending, site, marker }: Publish, logs: Logs): string {
  if (ending.kind === 'answered') return ending.commit.outcome;
  if (ending.kind !== 'lost') return ending.kind;
  const found = [...(logs.get(site)?.values() ?? [])].find((logged) => logged.marker === marker);
  const end =
    found === undefined
      ? 'nothing'
      : found.aborted !== undefined
        ? 'aborted'
        : found.activated?.degraded
          ? 'degraded'
          : 'live';
  return `lost: ${end}`;
}

function countBy<T>(values: readonly T[], key: (value: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
  return counts;
}
