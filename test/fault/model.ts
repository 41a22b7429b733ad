import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { leafOf } from '../../shared/content/buckets.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { hasCode, type SkerryError } from '../../shared/errors.ts';
import { pruned, verified } from '../helpers/edge-work.ts';
import { type FastClock, fastTime } from '../helpers/fast-time.ts';
import { type FeedDouble, startFeedDouble } from '../helpers/feed-double.ts';
import { type InnerOrigin, openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { random } from '../helpers/random.ts';
import { Actor, fingerprint } from './model-actor.ts';
import { contentOf } from './model-content.ts';
import { changesOf, type Damage, type Plan, planOf, type Route, type Step, type Who } from './model-steps.ts';

const FACTOR = 10;
const CONVERGE_MS = 12_000;
const SMALL_PAUSE_MS = 6;
const POLICY = {
  batch: { window: { cron: '0 0 29 2 *', timezone: 'UTC', minutes: 1 }, rate: null },
  retention: { revisions: 3, days: 0 },
};

interface SiteModel {
  readonly id: number;
  readonly name: string;
  /** path → digest, by revision. */
  readonly trees: Map<number, ReadonlyMap<string, string>>;
  readonly activated: Set<number>;
  live: number;
  isDeleted: boolean;
}

export interface Outcome {
  readonly sequence: number;
  readonly plan: Plan;
  /** What must not have happened; empty when all is well. */
  readonly faults: readonly string[];
  /** Faults of which an honest upstream was accused, by code; a damaged disk excuses them. */
  readonly accused: readonly string[];
  readonly leaked: number;
  readonly sights: number;
  readonly warnings: readonly string[];
}

/** Where sequences run one after another: servers, threads and the clock are made once. */
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
  readonly #accused: string[] = [];
  readonly #warnings: string[] = [];
  readonly #plan: Plan;
  readonly #clock: FastClock;
  readonly #servers: { origin: FeedDouble; parent: FeedDouble };
  readonly #origin: InnerOrigin;
  readonly #sites: SiteModel[] = [];
  readonly #down = { origin: false, parent: false };
  #edge!: Actor;
  #parent: Actor | undefined;
  #route: Route;
  #leaked = 0;
  #step = 'start';

  private constructor(
    plan: Plan,
    clock: FastClock,
    servers: { origin: FeedDouble; parent: FeedDouble },
    origin: InnerOrigin,
  ) {
    this.#plan = plan;
    this.#clock = clock;
    this.#servers = servers;
    this.#origin = origin;
    this.#route = plan.route;
  }

  static async open(
    plan: Plan,
    clock: FastClock,
    encodings: SharedEncodings,
    servers: { origin: FeedDouble; parent: FeedDouble },
  ): Promise<World> {
    const origin = await openInnerOrigin(clock, encodings.own());
    const world = new World(plan, clock, servers, origin);
    for (const server of [servers.origin, servers.parent]) {
      server.cut(false);
      server.breakAfter(0, 0);
    }
    servers.origin.serve(origin.feed);
    servers.parent.serve(undefined);
    for (let i = 0; i < plan.sites; i++) {
      const name = `s${i}`;
      const { id } = await origin.catalog.putSite(name, [], clock.now(), POLICY);
      world.#sites.push({ id, name, trees: new Map(), activated: new Set(), live: 0, isDeleted: false });
    }
    const log = pino(
      { level: 'warn', base: null, timestamp: false },
      { write: (line: string) => world.#warn(line) },
    );
    const join = (name: string, server: FeedDouble | undefined, urls: readonly string[]) => {
      const parts = { name, clock, log, server, encodings: server && encodings.own() };
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
    for (const site of this.#sites) if (!site.isDeleted) await this.#publish(site, 'async', 4242);
    this.#step = 'one more publish';
    for (const actor of this.#actors()) await this.#converged(actor);
    for (const actor of this.#actors()) await this.#compare(actor);
    this.#judge();
  }

  outcome(sequence: number): Outcome {
    const actors = this.#actors();
    return {
      sequence,
      plan: this.#plan,
      faults: this.#found(),
      accused: this.#accused,
      leaked: this.#leaked,
      sights: actors.reduce((sum, { sights }) => sum + sights.length, 0),
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
    const { msg, err, ...rest } = JSON.parse(line) as {
      msg: string;
      err?: { code?: string; message: string };
    };
    const about = JSON.stringify({ ...rest, level: undefined });
    this.#warnings.push(
      `${this.#step.split(' ', 2).join(' ')}: ${msg}: ${err?.code ?? ''} ${err?.message.slice(0, 200)} ${about}`,
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

  /** The upstream that the connections of this edge go to first. */
  #upstreamOf(who: Who): 'origin' | 'parent' {
    return who === 'edge' && this.#route.startsWith('parent') ? 'parent' : 'origin';
  }

  async #take(step: Step): Promise<void> {
    const { catalog, committer, fleet } = this.#origin;
    switch (step.kind) {
      case 'publish':
        return this.#publish(this.#site(step.site), step.mode, step.seed);
      case 'resolve':
        return this.#resolve(this.#site(step.site), step.by);
      case 'rollback': {
        const site = this.#site(step.site);
        if (site.isDeleted) return;
        const held = (await catalog.revisions(site.id, 50)).filter(({ state }) => state !== 'aborted');
        if (held.length === 0) return;
        const to = random(step.seed).pick(held).revision;
        try {
          const answer = await committer.rollback(site.id, to, { mode: 'async' });
          this.#committed(site, answer, site.trees.get(to) ?? new Map());
        } catch (error) {
          // It waited for its activation, and its turn ended with this commit's.
          if (!hasCode(error, 'no-such-revision')) throw error;
        }
        return;
      }
      case 'prune-origin':
        this.#clock.skip(7_200_000);
        await this.#origin.retention.run({ log: step.log });
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
        this.#damage(actor, step.what, step.seed);
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
      case 'delete-site': {
        const site = this.#site(step.site);
        // Of one site always something is left to compare.
        if (site.isDeleted || this.#sites.filter(({ isDeleted }) => !isDeleted).length < 2) return;
        site.isDeleted = true;
        await catalog.deleteSite(site.name, this.#clock.now());
        return;
      }
      case 'settle':
        return this.#settle();
      case 'wait':
        await pause(step.ms);
    }
  }

  #site(index: number): SiteModel {
    const site = this.#sites[index];
    if (site === undefined) throw new Error(`there is no site ${index}`);
    return site;
  }

  async #publish(site: SiteModel, mode: 'async' | 'batch' | 'sync', seed: number): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    let tree = new Map<string, string>();
    const changes = async (time: number): Promise<Change[]> => {
      const base = (await catalog.site(site.id)).tip;
      tree = new Map(site.trees.get(base) ?? []);
      return this.#changes(site, base, seed, tree, time);
    };
    if (mode !== 'sync') {
      this.#committed(site, await committer.commitChanges(site.id, { mode }, changes), tree);
      return;
    }
    const before = await catalog.site(site.id);
    if (before.pending?.mode === 'sync') await this.#abort(site, before.pending.revision);
    const { tip } = await catalog.site(site.id);
    site.trees.set(await this.#origin.propose(site.id, tip, changes), tree);
  }

  async #changes(
    site: SiteModel,
    base: number,
    seed: number,
    tree: Map<string, string>,
    time: number,
  ): Promise<Change[]> {
    const { catalog } = this.#origin;
    const { changes, moves } = changesOf(seed, tree);
    const made: Change[] = [];
    for (const [from, to] of moves) {
      const entry = await catalog.entryAt(site.id, base, from as ContentPath);
      if (entry === undefined) continue;
      made.push({ kind: 'delete', path: entry.path });
      made.push({ kind: 'put', entry: { ...entry, path: to as ContentPath, time } satisfies Entry });
      tree.delete(from);
      tree.set(to, entry.digest);
    }
    for (const [path, content] of changes) {
      if (content === null) {
        if (tree.delete(path)) made.push({ kind: 'delete', path: path as ContentPath });
        continue;
      }
      const put = await this.#origin.put(site.id, path, contentOf(content.seed, content.size), time);
      if (put.kind !== 'put' || tree.get(path) === put.entry.digest) continue;
      made.push(put);
      tree.set(path, put.entry.digest);
    }
    return made;
  }

  #committed(
    site: SiteModel,
    { revision, outcome }: { revision: number; outcome: string },
    tree: ReadonlyMap<string, string>,
  ): void {
    if (!site.trees.has(revision)) site.trees.set(revision, tree);
    if (outcome !== 'live') return;
    site.activated.add(revision);
    site.live = revision;
  }

  async #resolve(site: SiteModel, by: 'activate' | 'abort'): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    const { pending } = await catalog.site(site.id);
    if (pending === null) return;
    if (pending.mode !== 'sync') {
      const answer = await committer.openWindow(site.id, 'hand');
      this.#committed(site, answer, site.trees.get(answer.revision) ?? new Map());
      return;
    }
    if (by === 'abort') return this.#abort(site, pending.revision);
    const { revision } = pending;
    const time = this.#clock.now();
    await catalog.activate({ site: site.id, revision, payload: { mode: 'sync' }, time, deploy: null });
    this.#committed(site, { revision, outcome: 'live' }, new Map());
  }

  async #abort(site: SiteModel, revision: number): Promise<void> {
    await this.#origin.catalog.abort(site.id, revision, 'the test says so', this.#clock.now());
  }

  async #crash({ who, calls, power }: Step & { kind: 'crash' }): Promise<void> {
    const actor = this.#actor(who);
    await Promise.race([actor.edge.crashAfter(calls), pause(SMALL_PAUSE_MS)]);
    const dice = random(calls);
    await actor.stop({ power, tear: (size) => dice.below(size + 1) });
    await actor.start();
  }

  async #restart(actor: Actor): Promise<void> {
    await actor.stop();
    await actor.start();
  }

  #damage(actor: Actor, what: Damage, seed: number): void {
    const dice = random(seed);
    const { disk } = actor.edge;
    const shown = actor.edge.views.filter(({ revision }) => revision > 0);
    if (shown.length === 0) return;
    const { id, revision } = dice.pick(shown);
    actor.wasDamaged = true;
    if (what === 'object-flip' || what === 'object-loss') {
      const { entries } = actor.edge.catalog.manifestPage(id, revision, undefined, 1000);
      const held = entries
        .map(({ digest }) => digest)
        .filter((digest) => (disk.objects.get(digest)?.length ?? 0) > 0);
      if (held.length === 0) return;
      const digest = dice.pick(held);
      actor.areObjectsDamaged = true;
      const bytes = Buffer.from(disk.objects.get(digest) ?? []);
      if (what === 'object-loss') disk.objects.delete(digest);
      else {
        const at = dice.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ 0x40;
        disk.objects.set(digest, bytes);
      }
      return;
    }
    if (!what.startsWith('bucket') && what !== 'entry-hash') actor.isManifestDamaged = true;
    if (actor.isManifestDamaged) actor.areObjectsDamaged = true;
    actor.edge.damage((database) => {
      const table = what.startsWith('bucket') ? 'bucket' : 'entry';
      const rows = database
        .prepare(`SELECT * FROM ${table} WHERE site = ? AND from_rev <= ? AND to_rev > ?`)
        .all(id, revision, revision);
      if (rows.length === 0) return;
      const row = dice.pick(rows);
      const one =
        table === 'entry'
          ? `id = ${row.id}`
          : `site = ${id} AND level = ${row.level} AND number = ${row.number} AND from_rev = ${row.from_rev}`;
      const change = {
        'entry-flip': dice.pick([
          'digest = randomblob(32)',
          'size = size + 1',
          "type = 'x/y'",
          'time = time + 1',
        ]),
        'entry-hash': 'hash = randomblob(32)',
        'bucket-flip': 'digest = randomblob(32)',
      }[what as 'entry-flip'];
      if (change !== undefined) database.exec(`UPDATE ${table} SET ${change} WHERE ${one}`);
      else if (what === 'entry-extra')
        database.exec(
          `INSERT OR IGNORE INTO entry (site, leaf, path, from_rev, to_rev, digest, size, chunks, type, meta, time, hash)
           SELECT site, ${leafOf('ghost')}, 'ghost', from_rev, to_rev, digest, size, chunks, type, meta, time, hash
           FROM entry WHERE ${one}`,
        );
      else database.exec(`DELETE FROM ${table} WHERE ${one}`);
    });
  }

  async #settle(): Promise<void> {
    const isQuiet =
      !this.#down.origin &&
      !this.#down.parent &&
      this.#actors().every((actor) => !actor.isPaused && !actor.wasDamaged);
    if (!isQuiet) return void (await pause(SMALL_PAUSE_MS));
    for (const actor of this.#actors()) await this.#converged(actor);
  }

  async #heal(): Promise<void> {
    for (const name of ['origin', 'parent'] as const) {
      this.#servers[name].breakAfter(0, 0);
      this.#servers[name].cut(false);
    }
    for (const actor of this.#actors()) {
      if (actor.isPaused) await this.#origin.fleet.change(actor.edge.name, { paused: false });
    }
    // A manifest is not mended while a revision waits for its activation.
    for (const site of this.#sites) await this.#resolve(site, 'activate');
    for (const actor of this.#actors()) {
      await this.#converged(actor);
      await this.#repaired(actor);
    }
  }

  async #repaired(actor: Actor): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      if (await actor.verify()) return;
      await pause(10);
    }
    const { lastError } = actor;
    const why = lastError instanceof Error ? `: ${(lastError as SkerryError).code} ${lastError.message}` : '';
    this.faults.push(`${this.#step}: ${actor.edge.name} could not be verified and repaired${why}`);
  }

  async #converged(actor: Actor): Promise<void> {
    const { replica, name } = actor.edge;
    if (replica === undefined || this.#found().length > 0) return;
    const deadline = performance.now() + CONVERGE_MS;
    while (true) {
      const { seq } = await this.#origin.catalog.head(this.#clock.now());
      const standing = await replica.standing();
      const shown = new Map(standing.sites.map((site) => [site.id, site.revision]));
      const wanted = this.#wanted(actor);
      const isThere =
        standing.position === seq &&
        shown.size === wanted.length &&
        wanted.every(({ id, live }) => shown.get(id) === live) &&
        // Visible before it is told.
        wanted.every(({ id, live }) =>
          actor.edge.views.some((view) => view.id === id && view.revision === live),
        );
      const covers = actor.edge.views.every(
        ({ revision, prefixes }) =>
          revision === 0 || JSON.stringify(prefixes) === JSON.stringify(actor.limits.prefixes),
      );
      if (isThere && covers) break;
      if (performance.now() > deadline) {
        const live = wanted.map(({ id, live }) => `${id}@${live}`).join(' ');
        this.faults.push(
          `${this.#step}: ${name} did not converge on ${live} at ${seq}: ${JSON.stringify(standing)} ${JSON.stringify(actor.edge.views)}`,
        );
        return;
      }
      await pause(2);
    }
    actor.look();
  }

  #wanted(actor: Actor): SiteModel[] {
    const { sites } = actor.limits;
    return this.#sites.filter(
      ({ name, isDeleted }) => !isDeleted && (sites === null || sites.includes(name)),
    );
  }

  /** The end state: all is there, nothing more, and it is the origin's. */
  async #compare(actor: Actor): Promise<void> {
    const { replica, name, catalog } = actor.edge;
    if (replica === undefined || this.#found().length > 0) return;
    const { sites } = await verified(replica.work, false);
    for (const { name: site, manifest, damaged, paths } of sites) {
      if (manifest !== 'sound' || damaged > 0)
        this.faults.push(
          `${name} is left with a ${manifest} manifest of ${site}, and damaged: ${paths.join(', ')}`,
        );
    }
    for (const { id, live } of this.#wanted(actor)) {
      if (live === 0) continue;
      const { root } = await this.#origin.catalog.revision(id, live);
      const active = catalog.site(id)?.active;
      if (active?.revision !== live || active.root !== root)
        this.faults.push(
          `${name} holds ${id}@${active?.revision} with the root ${active?.root}, the origin ${root}`,
        );
      await this.#receipt(actor, id, live);
    }
    await pruned(replica.work);
    this.#leaked += actor.leaked().length;
    for (const { code, message, upstream } of (await replica.standing()).faults) {
      if (!actor.wasDamaged && !this.#wasDamaged(upstream)) this.#accused.push(`${name} ${code}: ${message}`);
    }
  }

  /** A parent whose disk was damaged is rightly accused by its child. */
  #wasDamaged(upstream: string): boolean {
    return upstream === this.#servers.parent.url && this.#parent?.wasDamaged === true;
  }

  async #receipt(actor: Actor, site: number, revision: number): Promise<void> {
    const { name } = actor.edge;
    for (let tries = 0; tries < 400; tries++) {
      const receipts = await this.#origin.catalog.receipts(site, revision);
      if (receipts.some(({ edge }) => edge === name)) return;
      await pause(5);
    }
    this.faults.push(`no receipt of ${name} for ${site}@${revision} came to the origin`);
  }

  #judge(): void {
    for (const actor of this.#actors()) {
      for (const { edge, site: id, revision, manifest } of actor.sights) {
        const site = this.#sites.find((candidate) => candidate.id === id);
        const tree = site?.trees.get(revision);
        if (site === undefined || tree === undefined || !site.activated.has(revision))
          this.faults.push(`${edge} showed ${id}@${revision}, which was never activated`);
        else if (fingerprint(tree) !== manifest)
          this.faults.push(
            `${edge} showed of ${id}@${revision}:\n${manifest}\ninstead of:\n${fingerprint(tree)}`,
          );
      }
    }
  }
}
