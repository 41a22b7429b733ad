import { setTimeout as pause } from 'node:timers/promises';
import { ON_DISK, startCluster } from '../helpers/cluster.ts';
import { random } from '../helpers/random.ts';
import { startProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { TasksBeside } from './cluster-tasks.ts';
import { Faults } from './sync-faults.ts';
import {
  type Fault,
  floorsOf,
  judgeAsync,
  judgePublishes,
  judgeReads,
  type Late,
  type Promptness,
  readLog,
} from './sync-judge.ts';
import { LOOSE, planRounds } from './sync-plan.ts';
import { pollAll, type Read } from './sync-readers.ts';
import { SITES, SyncRun } from './sync-run.ts';
import { endingOf } from './sync-words.ts';

const PULSE_MS = 20;

export interface SyncOptions {
  readonly publishes: number;
  readonly seed: number;
  readonly edges: number;
  /** Faults and time-outs are short. */
  readonly isQuick: boolean;
  readonly tell: (line: string) => void;
}

export interface SyncOutcome {
  readonly publishes: number;
  /** The number of publishes by how they ended. */
  readonly endings: Readonly<Record<string, number>>;
  readonly reads: number;
  readonly refusals: number;
  readonly tasks: number;
  /** The number of faults that were in force, by kind. */
  readonly injected: Readonly<Record<string, number>>;
  /** How many promises about an edge's answers the acknowledgements made, by reason. */
  readonly floors: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly exempted: number;
  readonly async: Promptness;
  /** Everything that must not happen and did. Empty when all is well. */
  readonly faults: readonly Fault[];
}

/**
 * Publishes synchronously while readers poll every edge, and while edges, their processes, their links and the origin
 * fail at random. Then judges every answer by what was acknowledged, and by the log.
 */
export async function syncRounds({ publishes: wanted, seed, edges, isQuick, tell }: SyncOptions) {
  const proxies: TcpProxy[] = [];
  const cluster = await startCluster({
    edges,
    within: ON_DISK,
    originUrl: async (origin) => {
      const { hostname: host, port } = new URL(origin);
      for (let i = 0; i < edges; i++)
        proxies.push(await startProxy({ target: { host, port: Number(port) } }));
      return origin;
    },
    args: (index) => [
      ...['--origin', proxies[index]?.url ?? ''],
      // One serving process must be enough, too.
      ...['--processes', index === 0 || !isQuick ? '2' : '1'],
    ],
  });
  const stop = new AbortController();
  const { signal } = stop;
  const faults = new Faults(cluster, proxies, random(seed + 1));
  const run = new SyncRun(cluster, faults, signal);
  const tasks = new TasksBeside(
    cluster,
    { site: LOOSE, deadlineSeconds: 60, patienceMs: isQuick ? 3000 : 90_000 },
    random(seed + 3),
  );
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
      const [lines] = await Promise.all([run.round(round), tasks.step()]);
      number++;
      tell(`${number} (${run.publishes.length}/${wanted}) ${lines}`);
    }
    await faults.over();
    run.quiet.abort();
    const asyncPublishes = await beside;
    const ended: Fault[] = await run.converge();
    ended.push(...(await tasks.judge()).map((text) => ({ kind: 'task', text })));
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
      tasks: tasks.ids.length,
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
    await tasks.close();
    await faults.over();
    await cluster.close();
    for (const proxy of proxies) await proxy.close();
  }
}

/** The times at which this process, and so probably the whole machine, was late. */
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

function countBy<T>(values: readonly T[], key: (value: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
  return counts;
}
