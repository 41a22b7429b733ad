import type { Commit } from '../../shared/api.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Change } from '../../shared/diff.ts';
import type { Digest } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { KeyedLock } from '../../shared/keyed-lock.ts';
import type { DiffCursor } from '../../shared/manifest/reading.ts';
import type { Wakeup } from '../../shared/wakeup.ts';
import type { Catalog, DeployCursor, RevisionRow } from './catalog.ts';

const SEAL_PAGE = 4096;
const UNSTAGE_PAGE = 5000;
const MISSING_SHOWN = 100;

/** What a commit starts from and how it gets from there to the new state. */
interface CommitPlan {
  readonly site: number;
  /** The revision that the changes are made against; undefined when the change set is a whole tree. */
  readonly base: number | undefined;
  readonly message: string;
  readonly restores: number | null;
  readonly deploy: string | null;
  /** Stages the changes over the base. */
  overlay(revision: number, time: number): Promise<void>;
}

/**
 * Turns change sets into revisions, one at a time per site. A state is staged beside the live one in short
 * transactions and revealed, with its signed records, by one: killed anywhere before, nothing has happened.
 */
export class Committer {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #appended: Wakeup;
  readonly #sites = new KeyedLock<number>();

  constructor(catalog: Catalog, clock: Clock, appended: Wakeup) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#appended = appended;
  }

  /** Commits a deploy; once it is done, repeating it gives the same answer. */
  async commitDeploy(id: string, message: string): Promise<Commit> {
    const { site } = await this.#catalog.deploy(id);
    return this.#sites.run(site, async () => {
      const deploy = await this.#catalog.deploy(id);
      if (deploy.result !== null) return deploy.result;
      await this.#checkExpectation(deploy.siteName, deploy.expect);
      await this.#checkObjects(id);
      if (deploy.base !== null && deploy.base !== 0) await this.#catalog.revision(site, deploy.base);
      const result = await this.#commit({
        site,
        base: deploy.base ?? undefined,
        message,
        restores: null,
        deploy: id,
        overlay: (revision, time) => this.#stageDeploy(id, revision, time, deploy.base === null),
      });
      if (result.unchanged) await this.#catalog.finishDeploy(id, result);
      return result;
    });
  }

  /** Commits changes to the live revision; `changes` is asked within the site's lock. */
  commitChanges(
    site: number,
    message: string,
    changes: (time: number) => Promise<readonly Change[]>,
  ): Promise<Commit> {
    return this.#sites.run(site, async () => {
      const { newest } = await this.#live(site);
      return this.#commit({
        site,
        base: newest,
        message,
        restores: null,
        deploy: null,
        overlay: async (revision, time) => this.#catalog.stage(site, revision, await changes(time)),
      });
    });
  }

  /** A new revision equal to an old one: to `to`, or to the newest content that was live before. */
  rollback(site: number, to: number | undefined): Promise<Commit> {
    return this.#sites.run(site, async () => {
      const target = await this.#rollbackTarget(site, to);
      return this.#commit({
        site,
        base: target.revision,
        message: `rollback to revision ${target.revision}`,
        restores: target.revision,
        deploy: null,
        overlay: async () => {},
      });
    });
  }

  async #rollbackTarget(site: number, to: number | undefined): Promise<RevisionRow> {
    if (to !== undefined) return this.#catalog.revision(site, to);
    const target = await this.#catalog.formerlyLive(site);
    if (target === undefined) {
      throw new SkerryError('nothing-to-roll-back', 'no other content was live before');
    }
    return target;
  }

  async #commit(plan: CommitPlan): Promise<Commit> {
    const { site } = plan;
    const { revision, newest, leftover } = await this.#catalog.beginStaging(site);
    try {
      if (leftover) await this.#unstage(site, revision);
      if (plan.base !== undefined && plan.base !== newest)
        await this.#stageDiff(site, revision, newest, plan.base);
      const time = this.#clock.now();
      await plan.overlay(revision, time);
      const root = await this.#seal(site, revision);
      const live = newest === 0 ? undefined : await this.#catalog.revision(site, newest);
      if (live?.root === root) {
        await this.#unstage(site, revision);
        await this.#catalog.endStaging(site);
        return { revision: live.revision, seq: live.seq, unchanged: true, receipts: [] };
      }
      const { message, restores, deploy } = plan;
      const base = plan.base ?? 0;
      const { seq } = await this.#catalog.reveal({
        site,
        revision,
        root,
        base,
        message,
        restores,
        time,
        deploy,
      });
      this.#appended.wake();
      return { revision, seq, unchanged: false, receipts: [] };
    } catch (error) {
      // On a full disk this fails too: the next commit, finding the marker, takes the rest back.
      await this.#unstage(site, revision)
        .then(() => this.#catalog.endStaging(site))
        .catch(() => {});
      throw error;
    }
  }

  async #stageDeploy(id: string, revision: number, time: number, isWholeTree: boolean): Promise<void> {
    let cursor: DeployCursor | undefined;
    do cursor = await this.#catalog.stageDeploy(id, revision, time, cursor);
    while (cursor !== undefined);
    if (!isWholeTree) return;
    do cursor = await this.#catalog.stageAbsent(id, revision, cursor);
    while (cursor !== undefined);
  }

  async #stageDiff(site: number, revision: number, from: number, to: number): Promise<void> {
    let cursor: DiffCursor | undefined;
    do cursor = await this.#catalog.stageDiff(site, revision, from, to, cursor);
    while (cursor !== undefined);
  }

  async #seal(site: number, revision: number): Promise<Digest> {
    let leaf: number | undefined = -1;
    while (leaf !== undefined) leaf = await this.#catalog.sealLeaves(site, revision, leaf, SEAL_PAGE);
    return this.#catalog.sealRoot(site, revision);
  }

  async #unstage(site: number, revision: number): Promise<void> {
    while (await this.#catalog.unstage(site, revision, UNSTAGE_PAGE));
  }

  async #live(site: number): Promise<{ newest: number }> {
    const [newest] = await this.#catalog.revisions(site, 1);
    return { newest: newest?.revision ?? 0 };
  }

  async #checkExpectation(site: string, expect: number | null): Promise<void> {
    if (expect === null) return;
    const { revision } = await this.#catalog.site(site);
    if (revision === expect) return;
    throw new SkerryError('revision-moved', `${site} is at revision ${revision}, not at ${expect}`, {
      details: { current: revision },
    });
  }

  async #checkObjects(deploy: string): Promise<void> {
    const missing = await this.#catalog.deployMissing(deploy, undefined, MISSING_SHOWN);
    if (missing.length > 0) {
      throw new SkerryError('objects-missing', `${missing.length} or more objects have not been uploaded`, {
        details: { missing },
      });
    }
    await this.#catalog.checkDeploySizes(deploy);
  }
}
