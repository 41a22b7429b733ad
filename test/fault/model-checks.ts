import { setTimeout as pause } from 'node:timers/promises';
import type { SkerryError } from '../../shared/errors.ts';
import { pruned, verified } from '../helpers/edge-work.ts';
import type { FastClock } from '../helpers/fast-time.ts';
import type { InnerOrigin } from '../helpers/inner-origin.ts';
import { type Actor, fingerprint } from './model-actor.ts';
import type { ModelSites, SiteModel } from './model-sites.ts';

/** On the clock of the model, which runs ten times as fast. */
const CONVERGE_MS = 120_000;

export interface ChecksParts {
  readonly origin: InnerOrigin;
  readonly clock: FastClock;
  readonly sites: ModelSites;
  readonly fail: (fault: string) => void;
  /** Whether the parent behind this URL was damaged. Then its child is right to accuse it. */
  readonly wasDamaged: (upstream: string) => boolean;
  /** True when the sequence has failed. It is not checked further. */
  readonly hasFailed: () => boolean;
}

/** Compares what edges hold and showed with the model of what was published. */
export class ModelChecks {
  /** The faults that edges reported about an honest upstream. */
  readonly accused: string[] = [];
  leaked = 0;
  /** How many revisions edges showed on trial, and how many of these they took back. */
  readonly trials = { shown: 0, takenBack: 0 };
  readonly #origin: InnerOrigin;
  readonly #clock: FastClock;
  readonly #sites: ModelSites;
  readonly #fail: (fault: string) => void;
  readonly #hasFailed: () => boolean;
  readonly #wasDamaged: (upstream: string) => boolean;

  constructor({ origin, clock, sites, fail, hasFailed, wasDamaged }: ChecksParts) {
    this.#origin = origin;
    this.#clock = clock;
    this.#sites = sites;
    this.#fail = fail;
    this.#hasFailed = hasFailed;
    this.#wasDamaged = wasDamaged;
  }

  async repaired(actor: Actor): Promise<void> {
    if (await this.#becomes(() => actor.verify())) return;
    const { lastError } = actor;
    const why = lastError instanceof Error ? `: ${(lastError as SkerryError).code} ${lastError.message}` : '';
    this.#fail(`${actor.edge.name} could not be verified and repaired${why}`);
  }

  async converged(actor: Actor): Promise<void> {
    if (actor.edge.replica === undefined || this.#hasFailed()) return;
    let lacks: string | undefined;
    const hasConverged = await this.#becomes(async () => {
      lacks = await this.#lackOf(actor);
      return lacks === undefined;
    });
    if (hasConverged) actor.look();
    else this.#fail(`${actor.edge.name} did not converge: ${lacks}`);
  }

  /** How the edge differs from what the log says. Undefined when it shows all of that. */
  async #lackOf(actor: Actor): Promise<string | undefined> {
    const { replica, views } = actor.edge;
    if (replica === undefined) return 'it does not run';
    const { seq } = await this.#origin.catalog.head(this.#clock.now());
    const status = await replica.status();
    const shown = new Map(status.sites.map((site) => [site.id, site.revision]));
    const sites = this.#wanted(actor);
    const wanted = await Promise.all(
      sites.map(async (site) => ({ id: site.id, live: await this.#shownAt(actor, site) })),
    );
    const checks = {
      position: status.position === seq,
      sites: shown.size === wanted.length && wanted.every(({ id, live }) => shown.get(id) === live),
      // A revision is visible before the edge reports it.
      views: wanted.every(({ id, live }) =>
        views.some((view) => view.id === id && view.revision === live && view.alias === null),
      ),
      aliases: sites.every((site) => this.#showsAliases(actor, site)),
      covers: views.every(
        ({ revision, prefixes, alias }) =>
          revision === 0 ||
          // One that stays behind leaves aliases as they were.
          (alias !== null && actor.limits.delay > 0) ||
          JSON.stringify(prefixes) === JSON.stringify(actor.limits.prefixes),
      ),
    };
    const wrong = Object.entries(checks).flatMap(([name, isRight]) => (isRight ? [] : [name]));
    if (wrong.length === 0) return undefined;
    const live = wanted.map(({ id, live }) => `${id}@${live}`).join(' ');
    return `${wrong.join(', ')} of ${live} at ${seq}: ${JSON.stringify(status)} ${JSON.stringify(views)}`;
  }

  /**
   * Asks until it is so. Returns false when that takes too long on the clock of the model, which stands still while
   * this process does not run.
   */
  async #becomes(isSo: () => Promise<boolean>): Promise<boolean> {
    const deadline = this.#clock.monotonic() + CONVERGE_MS;
    while (!(await isSo())) {
      if (this.#clock.monotonic() > deadline) return false;
      await pause(2);
    }
    return true;
  }

  /** Compares the end state: the edge has everything that the origin has, and nothing more. */
  async compare(actor: Actor): Promise<void> {
    const { replica, name, catalog } = actor.edge;
    if (replica === undefined || this.#hasFailed()) return;
    const { sites } = await verified(replica.work, false);
    for (const { name: site, manifest, damaged, paths } of sites) {
      if (manifest !== 'sound' || damaged > 0)
        this.#fail(
          `${name} is left with a ${manifest} manifest of ${site}, and damaged: ${paths.join(', ')}`,
        );
    }
    for (const { id, live } of this.#wanted(actor)) {
      if (live === 0) continue;
      const { root } = await this.#origin.catalog.revision(id, live);
      const active = catalog.site(id)?.active;
      if (active?.revision !== live || active.root !== root)
        this.#fail(
          `${name} holds ${id}@${active?.revision} with the root ${active?.root}, the origin ${root}`,
        );
      await this.#receipt(actor, id, live);
    }
    for (const site of this.#wanted(actor)) {
      await this.#purged(actor, site);
    }
    await pruned(replica.work);
    this.leaked += actor.leaked().length;
    for (const { code, message, upstream } of (await replica.status()).faults) {
      if (!actor.wasDamaged && !this.#wasDamaged(upstream)) this.accused.push(`${name} ${code}: ${message}`);
    }
  }

  /** Checks that everything that an edge showed was activated, and was whole. */
  judge(actors: readonly Actor[]): void {
    for (const actor of actors) {
      const { name } = actor.edge;
      for (const site of this.#sites.all) this.#goesOn(actor, site);
      for (const { edge, site: id, alias, revision, manifest } of actor.sights) {
        const site = this.#sites.all.find((candidate) => candidate.id === id);
        const tree = site?.trees.get(revision);
        const shown = alias === null ? site?.activated : site?.named.get(alias);
        const isTried = alias === null && site?.tried.get(name)?.has(revision);
        if (site === undefined || tree === undefined || !(shown?.has(revision) || isTried))
          this.#fail(`${edge} showed ${id}@${revision} ${alias ?? 'live'}, which was never said`);
        else if (fingerprint(tree) !== manifest)
          this.#fail(`${edge} showed of ${id}@${revision}:\n${manifest}\ninstead of:\n${fingerprint(tree)}`);
      }
    }
  }

  /** What is live never goes back. A revision on trial is taken back, and an alias may point anywhere. */
  #goesOn({ shown, edge: { name } }: Actor, { id, tried, activated }: SiteModel): void {
    let newest = 0;
    const all = shown.get(id) ?? [];
    for (const [i, revision] of all.entries()) {
      if (tried.get(name)?.has(revision)) {
        const isTakenBack = !activated.has(revision) && (all[i + 1] ?? revision) < revision;
        this.trials.shown++;
        if (isTakenBack) this.trials.takenBack++;
        continue;
      }
      if (revision < newest)
        this.#fail(`${name} went from revision ${newest} of site ${id} back to ${revision}`);
      newest = Math.max(newest, revision);
    }
  }

  /**
   * An edge whose parent was damaged may lack what an alias names. It must not show anything else. One that stays behind
   * on purpose does not follow aliases.
   */
  #showsAliases(actor: Actor, { id, aliases }: SiteModel): boolean {
    if (actor.limits.delay > 0) return true;
    const views = actor.edge.views.filter((view) => view.id === id && view.alias !== null);
    const isRight = views.every(({ alias, revision }) => aliases.get(alias?.name ?? '') === revision);
    const mayLack = actor.urls.some(this.#wasDamaged);
    return isRight && (mayLack || views.length === aliases.size);
  }

  /** What the log says that the edge shows. A damaged edge may have lost the revision of a rollout. */
  async #shownAt(actor: Actor, site: SiteModel): Promise<number> {
    const rollout = await this.#sites.rollout(site);
    if (actor.limits.delay > 0 || rollout === undefined || !rollout.edges.includes(actor.edge.name))
      return site.live;
    const isShown = actor.edge.views.some(
      ({ id, revision, alias }) => id === site.id && alias === null && revision === rollout.revision,
    );
    const mayLack = actor.wasDamaged || actor.urls.some(this.#wasDamaged);
    return mayLack && !isShown ? site.live : rollout.revision;
  }

  /** The edge has carried out the last purge. */
  async #purged({ edge: { name } }: Actor, { id, purges }: SiteModel): Promise<void> {
    const last = purges.at(-1);
    if (last === undefined) return;
    const isDone = await this.#becomes(async () => {
      const { receipts } = await this.#origin.catalog.purge(id, last);
      return receipts.some(({ edge }) => edge === name);
    });
    if (!isDone) this.#fail(`no receipt of ${name} for the purge ${last} of ${id} came to the origin`);
  }

  #wanted(actor: Actor): SiteModel[] {
    const { sites } = actor.limits;
    return this.#sites.all.filter(
      ({ name, isDeleted }) => !isDeleted && (sites === null || sites.includes(name)),
    );
  }

  async #receipt(actor: Actor, site: number, revision: number): Promise<void> {
    const { name } = actor.edge;
    const hasCome = await this.#becomes(async () => {
      const receipts = await this.#origin.catalog.receipts(site, revision);
      return receipts.some(({ edge }) => edge === name);
    });
    if (!hasCome) this.#fail(`no receipt of ${name} for ${site}@${revision} came to the origin`);
  }
}
