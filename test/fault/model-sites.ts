import type { RolloutRow } from '../../origin/catalog/rollout-calls.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { hasCode } from '../../shared/errors.ts';
import { payloads } from '../../shared/log/record-kinds.ts';
import { EVERYTHING } from '../../shared/site/purge.ts';
import type { FastClock } from '../helpers/fast-time.ts';
import type { InnerOrigin } from '../helpers/inner-origin.ts';
import { random } from '../helpers/random.ts';
import { contentOf } from './model-content.ts';
import { changesOf } from './model-steps.ts';

const POLICY = {
  batch: { window: { cron: '0 0 29 2 *', timezone: 'UTC', minutes: 1 }, rate: null },
  retention: { revisions: 3, days: 0 },
};

export interface SiteModel {
  readonly id: number;
  readonly name: string;
  /** The tree of each revision: path → digest. */
  readonly trees: Map<number, ReadonlyMap<string, string>>;
  /** The revisions that became live, and when the model knew it, by its clock. */
  readonly activated: Map<number, number>;
  /** Where each alias points. */
  readonly aliases: Map<string, number>;
  /** All revisions that each alias ever had. */
  readonly named: Map<string, Set<number>>;
  /** The revisions that each edge was told to show in a rollout. */
  readonly tried: Map<string, Set<number>>;
  /** The sequence numbers of the purges. */
  readonly purges: number[];
  live: number;
  isDeleted: boolean;
}

/**
 * Publishes to the sites of an origin and keeps the model: what each revision holds, and which revisions were
 * activated.
 */
export class ModelSites {
  readonly all: SiteModel[] = [];
  readonly #origin: InnerOrigin;
  readonly #clock: FastClock;
  /** The tree of the revision that is being made. */
  #making: ReadonlyMap<string, string> = new Map();

  constructor(origin: InnerOrigin, clock: FastClock) {
    this.#origin = origin;
    this.#clock = clock;
  }

  get kept(): SiteModel[] {
    return this.all.filter(({ isDeleted }) => !isDeleted);
  }

  async add(name: string): Promise<void> {
    const { id } = await this.#origin.catalog.putSite(name, [], this.#clock.now(), POLICY);
    this.all.push({
      id,
      name,
      trees: new Map(),
      activated: new Map(),
      aliases: new Map(),
      named: new Map(),
      tried: new Map(),
      purges: [],
      live: 0,
      isDeleted: false,
    });
  }

  at(index: number): SiteModel {
    const site = this.all[index];
    if (site === undefined) throw new Error(`there is no site ${index}`);
    return site;
  }

  async publish(site: SiteModel, mode: 'async' | 'batch' | 'sync', seed: number): Promise<void> {
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

  /** Begins a rollout. It ends the one before. */
  async rollOut(site: SiteModel, seed: number): Promise<void> {
    const { catalog } = this.#origin;
    const { revision: live, pending } = await catalog
      .site(site.id)
      .catch(() => ({ revision: 0, pending: null }));
    if (site.isDeleted || live === 0) return;
    if (pending?.mode === 'sync') await this.#abort(site, pending.revision);
    const tree = new Map(site.trees.get(live) ?? []);
    const revision = await this.#origin.rollOut(site.id, live, (time) =>
      this.#changes(site, live, seed, tree, time),
    );
    site.trees.set(revision, tree);
  }

  /** Takes the open rollout forward or back. */
  async rollOn(site: SiteModel, by: 'step' | 'finish' | 'abort', edge: string): Promise<void> {
    const { rollouts } = this.#origin;
    const open = await this.rollout(site);
    if (open === undefined) return;
    const { revision } = open;
    if (by === 'abort') return void (await rollouts.abort(site.id));
    if (by === 'finish') {
      await rollouts.finish(site.id);
      return this.#committed(site, { revision, outcome: 'live' }, new Map());
    }
    const edges = [...new Set([...open.edges, edge])].sort();
    await rollouts.step(open, { edges, dwell: 1 }, open.evidence);
    for (const name of edges) site.tried.set(name, (site.tried.get(name) ?? new Set()).add(revision));
  }

  /** Learns from the log what became of an act during which the origin was killed. The log ended at `before`. */
  async killed(site: SiteModel, before: number): Promise<void> {
    const { seq } = await this.#origin.catalog.head(this.#clock.now());
    for (const { kind, seq: at, site: id, revision, payload } of await this.#origin.catalog.records(
      before + 1,
      seq - before,
    )) {
      if (id !== site.id) continue;
      if (kind === 'revision' && !site.trees.has(revision)) site.trees.set(revision, this.#making);
      if (kind === 'purge') site.purges.push(at);
      if (kind === 'activate') this.#committed(site, { revision, outcome: 'live' }, new Map());
      if (kind === 'rollout')
        for (const name of payloads.rollout.parseText(payload).edges)
          site.tried.set(name, (site.tried.get(name) ?? new Set()).add(revision));
    }
  }

  /** The rollout of the site that is under way, as the log has it. */
  async rollout(site: SiteModel): Promise<RolloutRow | undefined> {
    return (await this.#origin.rollouts.open()).find((rollout) => rollout.site === site.id);
  }

  async purge(site: SiteModel, path: string | null): Promise<void> {
    if (site.isDeleted) return;
    const { catalog } = this.#origin;
    const row = await catalog.site(site.id);
    const target = path === null ? EVERYTHING : { ...EVERYTHING, all: false, paths: [path] };
    site.purges.push(await catalog.addPurges(row, [target], this.#clock.now()));
  }

  /** Publishes a draft, which does not change what is live. */
  async draft(site: SiteModel, alias: string, seed: number): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    let tree = new Map<string, string>();
    const options = { draft: { alias, life: undefined } };
    const answer = await committer.commitChanges(site.id, options, async (time) => {
      const base = (await catalog.site(site.id)).tip;
      tree = new Map(site.trees.get(base) ?? []);
      return this.#changes(site, base, seed, tree, time);
    });
    this.#named(site, alias, answer.revision, tree);
  }

  /** Points an alias at a revision of any kind. */
  async point(site: SiteModel, alias: string, seed: number): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    const held = (await catalog.revisions(site.id, 50)).filter(({ state }) => state !== 'aborted');
    if (held.length === 0) return;
    const to = random(seed).pick(held).revision;
    try {
      const { revision } = await committer.putAlias(site.id, alias, to, undefined);
      this.#named(site, alias, revision, site.trees.get(to) ?? new Map());
    } catch (error) {
      // The revision waited for its activation, and this call ended the wait.
      if (!hasCode(error, 'no-such-revision')) throw error;
    }
  }

  async activate(site: SiteModel, alias: string): Promise<void> {
    const named = site.aliases.get(alias);
    if (site.isDeleted || named === undefined) return;
    try {
      const answer = await this.#origin.committer.activate(site.id, { alias }, { mode: 'async' });
      this.#committed(site, answer, site.trees.get(named) ?? new Map());
    } catch (error) {
      // A rollout of the revision was taken back.
      if (!hasCode(error, 'no-such-revision')) throw error;
    }
  }

  async unname(site: SiteModel, alias: string): Promise<void> {
    if (site.isDeleted || !site.aliases.delete(alias)) return;
    await this.#origin.committer.deleteAlias(site.id, alias);
  }

  #named(site: SiteModel, alias: string, revision: number, tree: ReadonlyMap<string, string>): void {
    if (!site.trees.has(revision)) site.trees.set(revision, tree);
    site.aliases.set(alias, revision);
    const all = site.named.get(alias) ?? new Set();
    site.named.set(alias, all.add(revision));
  }

  async rollback(site: SiteModel, seed: number): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    const held = (await catalog.revisions(site.id, 50)).filter(({ state }) => state !== 'aborted');
    if (held.length === 0) return;
    const to = random(seed).pick(held).revision;
    try {
      const answer = await committer.rollback(site.id, to, { mode: 'async' });
      this.#committed(site, answer, site.trees.get(to) ?? new Map());
    } catch (error) {
      // The revision waited for its activation, and this commit ended the wait.
      if (!hasCode(error, 'no-such-revision')) throw error;
    }
  }

  /** Activates or aborts a revision that is not live yet. */
  async resolve(site: SiteModel, by: 'activate' | 'abort'): Promise<void> {
    if (site.isDeleted) return;
    const { catalog, committer } = this.#origin;
    const { pending } = await catalog.site(site.id);
    if (pending === null) return;
    if (pending.mode !== 'sync') {
      const answer = await committer.openWindow(site.id, 'hand');
      this.#committed(site, answer, site.trees.get(pending.revision) ?? new Map());
      return;
    }
    if (by === 'abort') return this.#abort(site, pending.revision);
    const { revision } = pending;
    const time = this.#clock.now();
    await catalog.activate({ site: site.id, revision, payload: { mode: 'sync' }, time, deploy: null });
    this.#committed(site, { revision, outcome: 'live' }, new Map());
  }

  /** At least one site remains, so that there is something to compare. */
  async delete(site: SiteModel): Promise<void> {
    if (site.isDeleted || this.kept.length < 2) return;
    site.isDeleted = true;
    await this.#origin.catalog.deleteSite(site.name, this.#clock.now());
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
    this.#making = tree;
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
    if (!site.activated.has(revision)) site.activated.set(revision, this.#clock.now());
    site.live = revision;
  }

  async #abort(site: SiteModel, revision: number): Promise<void> {
    await this.#origin.catalog.abort(site.id, revision, 'the test says so', this.#clock.now());
  }
}
