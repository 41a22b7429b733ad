import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isNamed } from '../../edge/follow/sync/alias-plan.ts';
import { isWanted } from '../../edge/follow/sync/next-step-plan.ts';
import type { SiteView } from '../../edge/messages/views.ts';
import type { EdgeSite } from '../../edge/store/catalog.ts';
import { isHeldAlways } from '../../edge/store/cover.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import { NO_LIMITS } from '../../shared/wire/protocol.ts';
import type { VerifiedSite } from '../../shared/work/verify.ts';
import { verified } from '../helpers/edge-work.ts';
import type { FeedDouble } from '../helpers/feed-double.ts';
import { InnerEdge } from '../helpers/inner-edge.ts';
import type { InnerOrigin } from '../helpers/inner-origin.ts';
import { digestOnce } from './model-content.ts';

/**
 * What an edge showed of a site at one moment. It is judged at the end of the sequence, when all revisions are known.
 */
export interface Sight {
  readonly edge: string;
  readonly site: number;
  /** Null for what is live. */
  readonly alias: string | null;
  readonly revision: number;
  readonly manifest: string;
}

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex');

/** A commit takes less than this until the model knows of it, by the model's clock. */
const COMMIT_MS = 4000;

/** A manifest as one text. */
export function fingerprint(tree: Iterable<readonly [string, string]>): string {
  return [...tree]
    .map(([path, digest]) => `${path} ${digest.slice(0, 12)}`)
    .sort()
    .join('\n');
}

export interface ActorParts {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly encodings: Encodings | undefined;
  /** The server at which children find this edge. */
  readonly server: FeedDouble | undefined;
  /** When a revision became live, by the clock. Undefined if that is not known. */
  readonly activated?: (site: number, revision: number) => number | undefined;
  /** What the test does now, for its faults. */
  readonly step?: () => string;
  /** Called with each result of a task that the edge signs. */
  readonly signed?: (result: TaskResult) => void;
}

/** An edge, how it is configured, and what it has shown. */
export class Actor {
  readonly edge: InnerEdge;
  readonly sights: Sight[] = [];
  readonly faults: string[] = [];
  urls: readonly string[];
  limits: EdgeLimits = NO_LIMITS;
  isPaused = false;
  /** Since when it has stayed behind on purpose, by the model's clock. */
  #delayedSince = Number.POSITIVE_INFINITY;
  /** The objects were damaged on purpose and are not repaired yet. Until then, what the edge shows is not judged. */
  areObjectsDamaged = false;
  isManifestDamaged = false;
  wasDamaged = false;
  /** The error that ended the last verification. */
  lastError: unknown;
  readonly #server: FeedDouble | undefined;
  readonly #clock: Clock;
  readonly #activated: (site: number, revision: number) => number | undefined;
  readonly #step: () => string;
  readonly #forgotten = new Set<string>();
  /** What was shown under the own names of each site, one after the other. */
  readonly shown = new Map<number, number[]>();

  private constructor(edge: InnerEdge, urls: readonly string[], parts: ActorParts) {
    const { server, clock, activated = () => undefined, step = () => 'a fault' } = parts;
    this.edge = edge;
    this.urls = urls;
    this.#server = server;
    this.#clock = clock;
    this.#activated = activated;
    this.#step = step;
  }

  static async join(parts: ActorParts, origin: InnerOrigin, originUrl: string, urls: readonly string[]) {
    const { name, clock, log, encodings, signed = () => {} } = parts;
    let actor: Actor | undefined;
    const shown = (views: readonly SiteView[]) => actor?.look(views);
    const token = await origin.joinToken(name);
    // A loss of power here takes what the table in durability.ts says, so the table must be true.
    const untrue = (what: string) => actor?.fail(`${name}: ${what}`);
    const edge = await InnerEdge.join(
      { name, clock, log, encodings, shown, untrue, signed },
      originUrl,
      token,
    );
    actor = new Actor(edge, urls, parts);
    return actor;
  }

  async start(): Promise<void> {
    await this.edge.start(this.urls, this.limits);
    this.#server?.serve(this.edge.replica?.feed);
  }

  async stop(how: { power?: boolean; tear?: (size: number) => number } = {}): Promise<void> {
    this.#server?.serve(undefined);
    await this.edge.stop(how);
  }

  /** From its next start on, the edge stays this far behind. */
  delay(seconds: number): void {
    this.limits = { ...this.limits, delay: seconds };
    this.#delayedSince = seconds === 0 ? Number.POSITIVE_INFINITY : this.#clock.now();
  }

  /** Reads everything that readers could read now, in one step. */
  look(views: readonly SiteView[] = this.edge.views): void {
    if (!this.edge.isRunning) return;
    const { catalog, disk, name } = this.edge;
    for (const { id, revision, prefixes, alias } of views) {
      if (alias === null) this.#note(id, revision);
      if (revision === 0 || this.isManifestDamaged) continue;
      const { entries } = catalog.manifestPage(id, revision, undefined, 10_000);
      this.sights.push({
        ...{ edge: name, site: id, alias: alias?.name ?? null, revision },
        manifest: fingerprint(entries.map(({ path, digest }) => [path, digest])),
      });
      if (this.areObjectsDamaged) continue;
      for (const { path, digest, size } of entries) {
        if (!isHeldAlways(path, { prefixes, pinned: null })) continue;
        const bytes = disk.objects.get(digest);
        if (bytes === undefined)
          this.fail(`${name} shows ${path} of ${id}@${revision} and has no bytes for it`);
        else if (bytes.length !== size || digestOnce(bytes) !== digest)
          this.fail(`${name} shows other bytes at ${path} of ${id}@${revision}`);
      }
    }
  }

  private fail(fault: string): void {
    this.faults.push(`${this.#step()}: ${fault}`);
  }

  #note(site: number, revision: number): void {
    const shown = this.shown.get(site) ?? [];
    if (shown.at(-1) === revision) return;
    this.shown.set(site, [...shown, revision]);
    const activated = this.#activated(site, revision) ?? Number.NEGATIVE_INFINITY;
    const early = activated + this.limits.delay * 1000 - this.#clock.now();
    if (activated >= this.#delayedSince && early > COMMIT_MS)
      this.fail(`${this.edge.name} shows ${site}@${revision} ${early} ms before its time`);
  }

  /**
   * Verifies and repairs. Damage of what is live counts as repaired when the edge says so. What only aliases and
   * rollouts show is filled after that.
   */
  async verify(): Promise<boolean> {
    const { replica } = this.edge;
    if (replica === undefined) return false;
    try {
      const { sites } = await verified(replica.work, true);
      // Another revision may have become active since its manifest was damaged and before it was verified.
      const isStillActive = ({ name, revision }: VerifiedSite) =>
        this.edge.catalog.siteNamed(name)?.active.revision === revision;
      if (sites.every((site) => site.manifest !== 'damaged' && isStillActive(site)))
        this.isManifestDamaged = false;
      if (!this.isManifestDamaged && (await this.#isFilled())) this.areObjectsDamaged = false;
      return !this.areObjectsDamaged;
    } catch (error) {
      this.lastError = error;
      return false;
    }
  }

  async #isFilled(): Promise<boolean> {
    for (let tries = 0; tries < 50 && this.edge.isRunning; tries++) {
      const isUnfilled = (site: EdgeSite) =>
        this.limits.delay === 0 &&
        isWanted(site, this.limits) &&
        site.kept.some(({ revision, isWhole }) => !isWhole && isNamed(site, revision));
      if (!this.edge.catalog.sites().some(isUnfilled)) return true;
      await pause(2);
    }
    return false;
  }

  /** Called with the objects of an entry that is damaged on purpose. The edge cannot know of them any more. */
  noteForgotten(digests: readonly unknown[]): void {
    for (const digest of digests) if (digest instanceof Uint8Array) this.#forgotten.add(hex(digest));
  }

  /** Objects that no entry names, so nobody will ever ask for them. */
  leaked(): string[] {
    const { disk } = this.edge;
    const named = new Set(this.#forgotten);
    this.edge.damage((database) => {
      for (const row of database.prepare('SELECT digest, chunks FROM entry').all())
        for (const digest of [row.digest, row.chunks])
          if (digest instanceof Uint8Array) named.add(hex(digest));
    });
    return [...disk.objects.keys()].filter((digest) => !named.has(digest));
  }
}
