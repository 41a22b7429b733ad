import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { join as joinFleet } from '../../edge/follow/upstream/join.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import type { FastClock } from '../helpers/fast-time.ts';
import { fastTime } from '../helpers/fast-time.ts';
import { type FeedDouble, startFeedDouble } from '../helpers/feed-double.ts';
import { type InnerOrigin, openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { random } from '../helpers/random.ts';
import { InnerTasks } from './inner-tasks.ts';
import { ALL_LIES, type Lie } from './lies.ts';
import { LyingParent } from './lying-parent.ts';
import { Actor, fingerprint } from './model-actor.ts';
import { contentOf } from './model-content.ts';
import { changesOf } from './model-steps.ts';

const FACTOR = 20;
const CONVERGE_MS = 12_000;
/** Twice the interval at which an edge tries its preferred parents again. */
const FAIL_BACK_MS = 30_000 / FACTOR;

/** Lies that look like a parent that is behind, busy or cut off. An edge need not report them. */
const EXCUSABLE: readonly Lie[] = [
  ...([
    'stream-cut',
    'stream-trickle',
    'trickle',
    'record-dropped',
    'frame-unknown',
    'head-dropped',
    'head-alone',
    'refused',
    'missing',
  ] as const),
  ...([
    'late',
    'silent',
    'cut-off',
    'pruned',
    'report-swallowed',
    'report-refused',
    'report-silent',
    'another',
    'empty',
  ] as const),
  ...(['lines-repeated', 'frame-huge', 'nothing-endless', 'head-old', 'too-new'] as const),
  // Edges report without calls, need no list that the grant does not name, and send again what was withheld.
  ...([
    'call-withheld',
    'call-endless',
    'list-forged',
    'list-withheld',
    'report-twice',
    'report-old',
  ] as const),
];

export interface Round {
  readonly lies: readonly Lie[];
  readonly often: number;
  /** Whether the edge may also follow the origin, and whether a child follows the edge. */
  readonly hasHonest: boolean;
  readonly hasChild: boolean;
  /** How long the edge follows the liar when it has no other upstream, in milliseconds. */
  readonly lingers?: number;
}

interface RoundOutcome {
  readonly round: Round;
  readonly told: number;
  readonly faults: readonly string[];
  readonly sights: number;
  /** The tasks, and how often an edge began one. */
  readonly tasks: number;
  readonly begun: number;
  readonly warnings: readonly string[];
  /** How much the catalog's files and this process grew, in bytes. */
  readonly grown: { readonly catalog: number; readonly memory: number };
}

export interface LyingLane {
  run(round: Round, seed: number): Promise<RoundOutcome>;
  close(): Promise<void>;
}

export function randomRound(seed: number): Round {
  const dice = random(seed);
  const lies = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(ALL_LIES));
  return {
    lies,
    often: dice.pick([10, 30, 60, 100]),
    hasHonest: dice.below(2) === 0,
    hasChild: dice.below(3) === 0,
  };
}

export async function openLyingLane(): Promise<LyingLane> {
  const time = fastTime(FACTOR);
  const encodings = new SharedEncodings();
  const servers = { origin: await startFeedDouble(time.clock), edge: await startFeedDouble(time.clock) };
  return {
    run: (round, seed) => runRound(round, seed, time.clock, encodings, servers),
    async close() {
      await servers.origin.close();
      await servers.edge.close();
      await encodings.close();
      time[Symbol.dispose]();
    },
  };
}

async function runRound(
  round: Round,
  seed: number,
  clock: FastClock,
  encodings: SharedEncodings,
  servers: { origin: FeedDouble; edge: FeedDouble },
): Promise<RoundOutcome> {
  const dice = random(seed);
  const tasks = new InnerTasks(clock, ['site']);
  const origin = await openInnerOrigin(clock, encodings.own(), tasks);
  tasks.serve(origin);
  servers.origin.serve(origin.feed);
  const liar = await LyingParent.start(servers.origin.url, random(seed + 1));
  const warnings: string[] = [];
  const write = (line: string) => {
    const { level, edge: name, ...more } = JSON.parse(line) as LogLine;
    tasks.logged(name, more);
    const { msg, err } = more;
    if (level < 40) return;
    warnings.push(`${msg}: ${err?.code} ${err?.message.slice(0, 160)}`);
    if (warnings.length > 40) warnings.shift();
  };
  const log = pino({ level: 'info', base: null }, { write });
  const faults: string[] = [];
  const publisher = new Publisher(origin);
  await publisher.open(clock);
  await publisher.publish(1);

  const join = (name: string, urls: readonly string[], server?: FeedDouble) =>
    Actor.join(
      {
        ...{ name, clock, server, encodings: server && encodings.own() },
        ...{ log: log.child({ edge: name }), signed: (result) => tasks.signed(result) },
      },
      origin,
      servers.origin.url,
      urls,
    );
  const toOrigin = await asMember(liar, origin, servers.origin.url, clock);
  const urls = round.hasHonest ? [liar.url, servers.origin.url] : [liar.url];
  const edge = await join('edge', urls, servers.edge);
  // The liar stands in front of the origin and says that it is the origin.
  edge.edge.originUrls = urls;
  await edge.start();
  const child = round.hasChild ? await join('child', [servers.edge.url]) : undefined;
  await child?.start();
  const actors = child === undefined ? [edge] : [edge, child];
  const names = actors.map((actor) => actor.edge.name);
  const converged = async (what: string) => {
    for (const actor of actors) {
      const why = await convergesOn(actor, publisher.live, origin, clock);
      if (why !== undefined) faults.push(`${what}: ${why}`);
    }
  };
  const memory = process.memoryUsage().rss;
  let catalog = 0;
  let peak = memory;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  try {
    await converged('before any lie');
    liar.turn(round.lies, round.often);
    // The liar's connections broke, so the edge changed to the honest upstream. Lies begin when the edge returns.
    if (round.hasHonest) await followed(edge, liar);
    for (let i = 0; i < 4 && faults.length === 0; i++) {
      await publisher.publish(dice.below(1_000_000));
      await tasks.create(names, dice);
      if (dice.below(3) === 0) await tasks.change(dice);
      await pause(dice.below(60));
      for (const actor of actors) actor.look();
    }
    const told = () => liar.told > 0;
    if (round.hasHonest) {
      await converged('with an honest parent beside the liar');
      await publisher.publish(7);
      await converged('with an honest parent beside the liar, once more');
      const open = await tasks.ended();
      if (open.length > 0) faults.push(`tasks do not end with an honest parent beside the liar: ${open}`);
    } else await pause(round.lingers ?? 250);
    catalog = sizeOf(edge.edge.file) + sizeOf(`${edge.edge.file}-wal`);
    const named = (await edge.edge.replica?.status())?.faults ?? [];
    if (
      round.hasHonest &&
      told() &&
      round.often === 100 &&
      !round.lies.some((lie) => EXCUSABLE.includes(lie))
    ) {
      if (!named.some(({ upstream }) => upstream === liar.url))
        faults.push('the liar is not named in any fault');
    }
    if (named.some(({ upstream }) => upstream === servers.origin.url))
      faults.push(`the origin is called a liar: ${JSON.stringify(named)}`);
    liar.repent();
    await publisher.publish(8);
    await tasks.create(names, dice);
    await converged('after the liar turned honest');
    faults.push(...(await tasks.judge()));
    for (const actor of actors) actor.look();
    for (const { edge: name, revision, manifest } of actors.flatMap(({ sights }) => sights)) {
      const tree = publisher.trees.get(revision);
      if (tree === undefined)
        faults.push(`${name} showed revision ${revision}, which the origin did not sign`);
      else if (fingerprint(tree) !== manifest) faults.push(`${name} showed of ${revision}:\n${manifest}`);
    }
    faults.push(...actors.flatMap((actor) => actor.faults));
  } finally {
    clearInterval(watch);
    for (const actor of actors.toReversed()) {
      await actor.stop();
      await actor.edge.remove();
    }
    await liar.close();
    await toOrigin.close();
    servers.origin.serve(undefined);
    origin.close();
  }
  const sights = actors.reduce((sum, actor) => sum + actor.sights.length, 0);
  const grown = { catalog, memory: peak - memory };
  return {
    ...{ round, told: liar.told, faults, sights, warnings: warnings.slice(-10), grown },
    ...{ tasks: tasks.count, begun: tasks.begun },
  };
}

interface LogLine {
  readonly level: number;
  readonly edge: string;
  readonly msg: string;
  readonly err?: { readonly code?: string; readonly message: string };
}

/** Lets the liar join, as a parent does. Returns its connection to the origin. */
async function asMember(
  liar: LyingParent,
  origin: InnerOrigin,
  url: string,
  clock: FastClock,
): Promise<Upstream> {
  const upstream = new Upstream({ url, isOrigin: true }, clock);
  const key = generateSigningKey();
  const token = await origin.joinToken('liar');
  const place = { origin: url, token, name: 'liar', region: 'r', lat: null, lon: null };
  const { chain } = await joinFleet(upstream, place, key, new AbortController().signal);
  liar.member = { self: { name: 'liar', key, log: chain.log }, origin: upstream };
  return upstream;
}

/**
 * Waits until the edge follows the liar again or has heard a lie, at most for the time that a return to a sound parent
 * takes.
 */
async function followed(edge: Actor, liar: LyingParent): Promise<void> {
  const deadline = performance.now() + FAIL_BACK_MS;
  while (liar.told === 0 && performance.now() < deadline) {
    if (liar.dialled > 0 && (await edge.edge.replica?.status())?.upstream === liar.url) return;
    await pause(5);
  }
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

async function convergesOn(
  actor: Actor,
  live: number,
  origin: InnerOrigin,
  clock: FastClock,
): Promise<string | undefined> {
  const deadline = performance.now() + CONVERGE_MS;
  while (true) {
    const status = await actor.edge.replica?.status();
    const { seq } = await origin.catalog.head(clock.now());
    const reported = (await origin.fleet.statusOf(actor.edge.name)).sites.site?.revision;
    if (status?.position === seq && status.sites[0]?.revision === live && reported === live) return undefined;
    if (performance.now() > deadline)
      return `${actor.edge.name} is not at ${live}, ${seq}, or reports it not (${reported}): ${JSON.stringify(status)}`;
    await pause(3);
  }
}

/** Publishes to one site again and again. */
class Publisher {
  readonly trees = new Map<number, ReadonlyMap<string, string>>();
  live = 0;
  readonly #origin: InnerOrigin;
  #site = 0;
  #tree = new Map<string, string>();

  constructor(origin: InnerOrigin) {
    this.#origin = origin;
  }

  async open(clock: FastClock): Promise<void> {
    this.#site = (await this.#origin.catalog.putSite('site', [], clock.now())).id;
  }

  async publish(seed: number): Promise<void> {
    const tree = new Map(this.#tree);
    const { changes } = changesOf(seed, tree);
    // Makes sure that each publish changes something.
    changes.push([`n/${seed % 5}.txt`, { seed: this.trees.size, size: 40_000 + this.trees.size }]);
    const commit = await this.#origin.committer.commitChanges(this.#site, { mode: 'async' }, async (time) => {
      const made: Change[] = [];
      for (const [path, content] of changes) {
        if (content === null) {
          if (tree.delete(path)) made.push({ kind: 'delete', path: path as ContentPath });
          continue;
        }
        const put = await this.#origin.put(this.#site, path, contentOf(content.seed, content.size), time);
        if (put.kind !== 'put' || tree.get(path) === put.entry.digest) continue;
        made.push(put);
        tree.set(path, put.entry.digest);
      }
      return made;
    });
    this.#tree = tree;
    this.trees.set(commit.revision, tree);
    this.live = commit.revision;
  }
}
