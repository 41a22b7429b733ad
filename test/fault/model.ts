import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { TaskResult } from '../../shared/log/task-result.ts';
import { pruned } from '../helpers/edge-work.ts';
import { type FastClock, fastTime } from '../helpers/fast-time.ts';
import { type FeedDouble, startFeedDouble } from '../helpers/feed-double.ts';
import { type InnerOrigin, openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { random } from '../helpers/random.ts';
import { InnerTasks } from './inner-tasks.ts';
import { Actor } from './model-actor.ts';
import { ModelChecks } from './model-checks.ts';
import { damage } from './model-damage.ts';
import { ModelSites } from './model-sites.ts';
import { type Plan, planOf, type Route, type Step, type Who } from './model-steps.ts';

const FACTOR = 10;
const SMALL_PAUSE_MS = 6;

export interface Outcome {
  readonly sequence: number;
  readonly plan: Plan;
  /** Everything that must not happen and did. Empty when all is well. */
  readonly faults: readonly string[];
  /** The faults that edges reported about an honest upstream, by code. A damaged disk excuses them. */
  readonly accused: readonly string[];
  readonly leaked: number;
  readonly sights: number;
  /** The revisions that edges showed on trial, and took back. */
  readonly trials: { readonly shown: number; readonly takenBack: number };
  /** The tasks, and how often an edge began one. */
  readonly tasks: number;
  readonly begun: number;
  readonly warnings: readonly string[];
}

/** Runs sequences one after another. They share servers, threads and the clock. */
export interface Lane {
  run(seed: number, sequence: number, without?: readonly string[]): Promise<Outcome>;
  close(): Promise<void>;
}

export async function openLanes(count: number): Promise<{ lanes: Lane[]; close(): Promise<void> }> {
  const time = fastTime(FACTOR);
  const encodings = new SharedEncodings();
  const lanes = await Promise.all(Array.from({ length: count }, () => openLane(time.clock, encodings)));
  return {
    lanes,
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()));
      await encodings.close();
      time[Symbol.dispose]();
    },
  };
}

async function openLane(clock: FastClock, encodings: SharedEncodings): Promise<Lane> {
  const servers = { origin: await startFeedDouble(clock), parent: await startFeedDouble(clock) };
  return {
    async run(seed, sequence, without = []) {
      const world = await World.open(planOf(seed, sequence, without), clock, encodings, servers);
      try {
        await world.play();
      } catch (error) {
        world.faults.push(`the test itself failed: ${error instanceof Error ? error.stack : String(error)}`);
      } finally {
        await world.close();
      }
      return world.outcome(sequence);
    },
    async close() {
      await servers.origin.close();
      await servers.parent.close();
    },
  };
}

class World {
  readonly faults: string[] = [];
  readonly #warnings: string[] = [];
  readonly #plan: Plan;
  readonly #clock: FastClock;
  readonly #servers: { origin: FeedDouble; parent: FeedDouble };
  readonly #origin: InnerOrigin;
  readonly #sites: ModelSites;
  readonly #checks: ModelChecks;
  readonly #tasks: InnerTasks;
  readonly #down = { origin: false, parent: false };
  #edge!: Actor;
  #parent: Actor | undefined;
  #route: Route;
  #step = 'start';

  private constructor(
    plan: Plan,
    clock: FastClock,
    servers: { origin: FeedDouble; parent: FeedDouble },
    origin: InnerOrigin,
    tasks: InnerTasks,
  ) {
    this.#tasks = tasks;
    this.#plan = plan;
    this.#clock = clock;
    this.#servers = servers;
    this.#origin = origin;
    this.#route = plan.route;
    this.#sites = new ModelSites(origin, clock);
    this.#checks = new ModelChecks({
      ...{ origin, clock, sites: this.#sites },
      fail: (fault) => this.faults.push(`${this.#step}: ${fault}`),
      hasFailed: () => this.#found().length > 0,
      wasDamaged: (upstream) => upstream === servers.parent.url && this.#parent?.wasDamaged === true,
    });
  }

  static async open(
    plan: Plan,
    clock: FastClock,
    encodings: SharedEncodings,
    servers: { origin: FeedDouble; parent: FeedDouble },
  ): Promise<World> {
    const tasks = new InnerTasks(clock, ['s0', 's1']);
    const origin = await openInnerOrigin(clock, encodings.own(), tasks);
    tasks.serve(origin);
    const world = new World(plan, clock, servers, origin, tasks);
    for (const server of [servers.origin, servers.parent]) {
      server.cut(false);
      server.breakAfter(0, 0);
    }
    servers.origin.serve(origin.feed);
    servers.parent.serve(undefined);
    for (let i = 0; i < plan.sites; i++) await world.#sites.add(`s${i}`);
    const log = pino(
      { level: 'info', base: null, timestamp: false },
      { write: (line: string) => world.#warn(line) },
    );
    const join = (name: string, server: FeedDouble | undefined, urls: readonly string[]) => {
      const parts = {
        step: () => world.#step,
        ...{ name, clock, log: log.child({ edge: name }), server, encodings: server && encodings.own() },
        signed: (result: TaskResult) => tasks.signed(result),
      };
      return Actor.join(parts, origin, servers.origin.url, urls);
    };
    if (plan.hasParent) {
      world.#parent = await join('parent', servers.parent, [servers.origin.url]);
      await world.#parent.start();
    }
    world.#edge = await join('edge', undefined, world.#urls());
    await world.#edge.start();
    return world;
  }

  async play(): Promise<void> {
    for (const [i, step] of this.#plan.steps.entries()) {
      this.#step = `step ${i} ${JSON.stringify(step)}`;
      await this.#take(step);
      for (const actor of this.#actors()) actor.look();
      if (this.#found().length > 0) return;
    }
    this.#step = 'healing';
    await this.#heal();
    for (const site of this.#sites.kept) await this.#sites.publish(site, 'async', 4242);
    this.#step = 'one more publish';
    for (const actor of this.#actors()) await this.#checks.converged(actor);
    for (const actor of this.#actors()) await this.#checks.compare(actor);
    this.#checks.judge(this.#actors());
    this.faults.push(...(await this.#tasks.judge()));
  }

  outcome(sequence: number): Outcome {
    const actors = this.#actors();
    return {
      sequence,
      plan: this.#plan,
      faults: this.#found(),
      accused: this.#checks.accused,
      leaked: this.#checks.leaked,
      trials: this.#checks.trials,
      sights: actors.reduce((sum, { sights }) => sum + sights.length, 0),
      ...{ tasks: this.#tasks.count, begun: this.#tasks.begun },
      warnings: this.#warnings.slice(-12),
    };
  }

  async close(): Promise<void> {
    for (const actor of this.#actors()) {
      await actor.stop();
      await actor.edge.remove();
    }
    this.#servers.origin.serve(undefined);
    this.#origin.close();
  }

  #found(): string[] {
    return [...this.faults, ...this.#actors().flatMap(({ faults }) => faults)].map((fault) => fault);
  }

  #warn(line: string): void {
    const { level, edge, ...more } = JSON.parse(line) as {
      level: number;
      edge: string;
      msg: string;
      err?: { code?: string; message: string };
    };
    this.#tasks.logged(edge, more);
    if (level < 40) return;
    const { msg, err, ...about } = more;
    this.#warnings.push(
      `${this.#step.split(' ', 2).join(' ')}: ${msg}: ${err?.code ?? ''} ${err?.message.slice(0, 200)} ${JSON.stringify(about)}`,
    );
    if (this.#warnings.length > 200) this.#warnings.splice(0, 100);
  }

  #actors(): Actor[] {
    return [this.#parent, this.#edge].filter((actor) => actor !== undefined);
  }

  #actor(who: Who): Actor {
    return who === 'parent' ? (this.#parent ?? this.#edge) : this.#edge;
  }

  #urls(): string[] {
    return this.#route.split(', ').map((name) => this.#servers[name as 'origin' | 'parent'].url);
  }

  /** The upstream that this edge tries first. */
  #upstreamOf(who: Who): 'origin' | 'parent' {
    return who === 'edge' && this.#route.startsWith('parent') ? 'parent' : 'origin';
  }

  async #take(step: Step): Promise<void> {
    const { fleet, retention } = this.#origin;
    switch (step.kind) {
      case 'publish':
        return this.#sites.publish(this.#sites.at(step.site), step.mode, step.seed);
      case 'resolve':
        return this.#sites.resolve(this.#sites.at(step.site), step.by);
      case 'rollback':
        return this.#sites.rollback(this.#sites.at(step.site), step.seed);
      case 'draft':
        return this.#sites.draft(this.#sites.at(step.site), step.alias, step.seed);
      case 'point':
        return this.#sites.point(this.#sites.at(step.site), step.alias, step.seed);
      case 'activate':
        return this.#sites.activate(this.#sites.at(step.site), step.alias);
      case 'unname':
        return this.#sites.unname(this.#sites.at(step.site), step.alias);
      case 'roll-out':
        return this.#sites.rollOut(this.#sites.at(step.site), step.seed);
      case 'roll-on':
        return this.#sites.rollOn(this.#sites.at(step.site), step.by, this.#actor(step.who).edge.name);
      case 'kill-origin':
        return this.#killOrigin(step);
      case 'prune-origin':
        this.#clock.skip(7_200_000);
        await retention.run({ log: step.log });
        return;
      case 'prune':
        await pruned(this.#actor(step.who).edge.replica?.work).catch(() => {});
        return;
      case 'cut': {
        const server = this.#servers[this.#upstreamOf(step.who)];
        server.breakAfter(step.bytes, step.times);
        if (step.bytes === 0) server.cut(this.#down[this.#upstreamOf(step.who)]);
        return;
      }
      case 'network': {
        const to = this.#upstreamOf(step.who);
        this.#down[to] = step.isDown;
        this.#servers[to].cut(step.isDown);
        return;
      }
      case 'crash':
        return this.#crash(step);
      case 'damage': {
        const actor = this.#actor(step.who);
        damage(actor, step.what, step.seed);
        if (step.repairs) await actor.verify();
        return;
      }
      case 'filter': {
        const sites = step.sites ? ['s0'] : null;
        this.#edge.limits = { ...this.#edge.limits, sites, prefixes: step.prefixes && [...step.prefixes] };
        return this.#restart(this.#edge);
      }
      case 'route':
        this.#route = step.route;
        this.#edge.urls = this.#urls();
        return this.#restart(this.#edge);
      case 'pause': {
        const actor = this.#actor(step.who);
        actor.isPaused = step.paused;
        await fleet.change(actor.edge.name, { paused: step.paused });
        return;
      }
      case 'delete-site':
        return this.#sites.delete(this.#sites.at(step.site));
      case 'task':
        return this.#tasks.create(
          this.#actors().map(({ edge }) => edge.name),
          random(step.seed),
        );
      case 'change-task':
        return this.#tasks.change(random(step.seed));
      case 'settle':
        return this.#settle();
      case 'wait':
        await pause(step.ms);
    }
  }

  async #crash({ who, calls, power }: Step & { kind: 'crash' }): Promise<void> {
    const actor = this.#actor(who);
    await Promise.race([actor.edge.crashAfter(calls), pause(SMALL_PAUSE_MS)]);
    const dice = random(calls);
    await actor.stop({ power, tear: (size) => dice.below(size + 1) });
    await actor.start();
  }

  /** What the origin was about to do happens whole or not at all, and the log says which. */
  async #killOrigin({ calls, during }: Step & { kind: 'kill-origin' }): Promise<void> {
    const { seq } = await this.#origin.catalog.head(this.#clock.now());
    this.#origin.killAfter(calls);
    await this.#take(during).catch(() => {});
    await this.#origin.restart();
    this.#servers.origin.serve(this.#origin.feed);
    if ('site' in during) await this.#sites.killed(this.#sites.at(during.site), seq);
  }

  async #restart(actor: Actor): Promise<void> {
    await actor.stop();
    await actor.start();
  }

  async #settle(): Promise<void> {
    const isQuiet =
      !this.#down.origin &&
      !this.#down.parent &&
      this.#actors().every((actor) => !actor.isPaused && !actor.wasDamaged);
    if (!isQuiet) return void (await pause(SMALL_PAUSE_MS));
    for (const actor of this.#actors()) await this.#checks.converged(actor);
  }

  async #heal(): Promise<void> {
    for (const name of ['origin', 'parent'] as const) {
      this.#servers[name].breakAfter(0, 0);
      this.#servers[name].cut(false);
    }
    for (const actor of this.#actors()) {
      if (actor.isPaused) await this.#origin.fleet.change(actor.edge.name, { paused: false });
    }
    // A manifest is not repaired while a revision waits for its activation.
    for (const site of this.#sites.all) await this.#sites.resolve(site, 'activate');
    for (const actor of this.#actors()) {
      await this.#checks.converged(actor);
      await this.#checks.repaired(actor);
    }
  }
}
