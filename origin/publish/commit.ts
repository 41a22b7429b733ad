import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { RULE_FILES } from '../../shared/site/rules/rule-lines.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { DeployCalls, DeployReads, DeployRow } from '../catalog/deploy-calls.ts';
import { checkDeploySizes, missingObjects } from '../catalog/deploy-pages.ts';
import type { PublishCalls } from '../catalog/publish-calls.ts';
import type { RevisionReads, RevisionRow } from '../catalog/revision-calls.ts';
import type { SiteCalls, SiteReads, SiteRow } from '../catalog/site-calls.ts';
import type { StagingCalls } from '../catalog/staging-calls.ts';
import { isWindowOpen, pendingOpens } from './activation-window.ts';
import { planCommit } from './commit-plan.ts';
import { Deadline } from './deadline.ts';
import { endOrphan } from './recover.ts';
import type { RuleCheck } from './rule-check.ts';
import type { SiteLock } from './site-lock.ts';
import { type Staged, Stager } from './stager.ts';
import { confirmInSync, publishInSync, type SyncParts } from './sync-publish.ts';

const MISSING_SHOWN = 100;

export interface CommitOptions {
  /** The default is the site's mode. */
  readonly mode?: Mode | undefined;
  readonly message?: string | undefined;
  /** For a batch commit: opens a window by hand. */
  readonly now?: boolean | undefined;
  /** The monotonic time at which the request arrived. The default is now. */
  readonly began?: number | undefined;
}

/** A commit that holds the lock of its site. */
interface Turn extends CommitOptions {
  readonly mode: Mode;
  readonly site: SiteRow;
  readonly deadline: Deadline;
}

interface ChangeSet {
  /** The revision that the changes apply to. Undefined when the change set is a whole tree. */
  readonly base: number | undefined;
  readonly message: string;
  readonly restores: number | null;
  readonly deploy: string | null;
  overlay(revision: number, time: number): Promise<void>;
}

export interface CommitParts extends Omit<SyncParts, 'catalog'> {
  readonly catalog: SyncParts['catalog'] &
    Remote<SiteReads & RevisionReads & StagingCalls & DeployReads> &
    Pick<Remote<SiteCalls>, 'deleteSite'> &
    Pick<Remote<PublishCalls>, 'reveal'> &
    Pick<Remote<DeployCalls>, 'finishDeploy'>;
  readonly sites: SiteLock;
}

/**
 * Turns change sets into revisions and makes revisions live, one at a time per site, each in its mode. A sync publish
 * that does not get its turn, or is not staged, within its time-out fails with `sync-timeout` and changes nothing. Its
 * later phases are in origin/publish/sync-publish.ts.
 */
export class Committer {
  /**
   * Wakes when a batch revision begins to wait, or waits again. Without it, `keepWindows` would notice such a revision
   * only after up to a minute. `keepWindows` checks all sites once a minute, because another origin node may have
   * committed a revision.
   */
  readonly waiting = new Wakeup();
  readonly #parts: CommitParts;
  readonly #stager: Stager;
  readonly #rules: RuleCheck;

  constructor(parts: CommitParts, rules: RuleCheck) {
    this.#parts = parts;
    this.#rules = rules;
    this.#stager = new Stager(parts.catalog, parts.clock);
  }

  /**
   * Commits a deploy. Repeating a successful commit gives the same response. A deploy whose publish was aborted is
   * committed again.
   */
  async commitDeploy(id: string, options: CommitOptions = {}): Promise<Commit> {
    const { catalog } = this.#parts;
    const { site } = await catalog.deploy(id);
    return this.#inTurn(site, options, async (turn) => {
      const deploy = await catalog.deploy(id);
      if (deploy.result !== null) return deploy.result;
      checkExpectation(turn.site, deploy.expect);
      await this.#checkObjects(id);
      if (deploy.base !== null && deploy.base !== 0) await catalog.revision(site, deploy.base);
      return this.#commit(turn, this.#deployChanges(deploy, turn));
    });
  }

  /** Commits changes to the site's tip. `changes` is called when this commit has the site's lock. */
  commitChanges(
    site: number,
    options: CommitOptions,
    changes: (time: number) => Promise<readonly Change[]>,
  ): Promise<Commit> {
    return this.#inTurn(site, options, (turn) =>
      this.#commit(turn, {
        base: turn.site.tip,
        message: options.message ?? '',
        restores: null,
        deploy: null,
        overlay: async (revision, time) => this.#parts.catalog.stage(site, revision, await changes(time)),
      }),
    );
  }

  /**
   * Makes a new revision equal to an old one: to `to`, or to the newest one that was live before and differs from the
   * live one.
   */
  rollback(site: number, to: number | undefined, options: CommitOptions = {}): Promise<Commit> {
    return this.#inTurn(site, options, async (turn) => {
      const target = await this.#rollbackTarget(site, to);
      return this.#commit(turn, {
        base: target.revision,
        message: options.message ?? `rollback to revision ${target.revision}`,
        restores: target.revision,
        deploy: null,
        overlay: async () => {},
      });
    });
  }

  /**
   * Makes the pending revision live, by hand or because a window of the schedule is open. If nothing is due, returns
   * what is live or pending.
   */
  openWindow(site: number, by: 'hand' | 'schedule'): Promise<Commit> {
    return this.#inTurn(site, { mode: 'batch' }, async (turn) => {
      const { catalog, clock } = this.#parts;
      const { pending, policy, revision } = turn.site;
      const isDue = by === 'hand' || (pending?.mode === 'batch' && isWindowOpen(policy, clock.now()));
      if (pending !== null && isDue) {
        const payload: Payload<'activate'> = by === 'hand' ? { mode: 'batch', now: true } : { mode: 'batch' };
        const tip = await catalog.revision(site, pending.revision);
        return { ...(await this.#activateTip(turn, tip, payload, null)), unchanged: false };
      }
      const shown = await catalog.revision(site, pending?.revision ?? revision);
      return this.#answer(turn, shown, pending === null ? 'live' : 'pending', true);
    });
  }

  /** Waits until no commit of the site is running, so that no commit is reported as live for a deleted site. */
  deleteSite(site: number, only?: { readonly unpublished: boolean }): Promise<void> {
    const { catalog, clock, edges, sites } = this.#parts;
    return sites.run(site, async () => {
      const row = await catalog.site(site);
      await catalog.deleteSite(row.name, clock.now(), only);
      await edges.refusesWithoutLease(row, false);
    });
  }

  async #inTurn(
    site: number,
    options: CommitOptions,
    work: (turn: Turn) => Promise<Commit>,
  ): Promise<Commit> {
    const { catalog, clock } = this.#parts;
    const began = options.began ?? clock.monotonic();
    const { name, policy } = await catalog.site(site);
    const mode = options.mode ?? policy.mode;
    const { timeout } = policy.sync;
    const end = mode === 'sync' ? began + timeout * 1000 : Number.POSITIVE_INFINITY;
    const deadline = new Deadline(
      clock,
      end,
      () => new SkerryError('sync-timeout', `this publish to ${name} could not begin within ${timeout} s`),
    );
    try {
      return await this.#parts.sites.run(
        site,
        async () => {
          const row = await endOrphan(this.#parts, await catalog.site(site));
          return work({ ...options, mode, site: row, deadline });
        },
        deadline.signal,
      );
    } finally {
      deadline.disarm();
    }
  }

  async #commit(turn: Turn, changes: ChangeSet): Promise<Commit> {
    const { catalog, clock } = this.#parts;
    const { mode, site, deadline, now = false } = turn;
    const tip = site.tip === 0 ? undefined : await catalog.revision(site.id, site.tip);
    const base = changes.base ?? site.tip;
    const overlay: ChangeSet['overlay'] = async (revision, time) => {
      await changes.overlay(revision, time);
      // A published revision can always be restored, even if this version finds faults in its rules.
      if (changes.restores === null) await this.#checkRules(site.id);
    };
    const staged = await this.#stager.stage({ site: site.id, base, overlay }, deadline.signal);
    // From here on, a sync publish checks its time-out itself, because it must not be interrupted half-way.
    deadline.disarm();
    const plan = planCommit({
      mode,
      now,
      isUnchanged: tip?.root === staged.root,
      isTipPending: site.pending !== null,
      // Evaluating a schedule loads the data of all locales, which takes 5 MB. Other modes have no windows.
      isWindowOpen: mode === 'batch' && isWindowOpen(site.policy, clock.now()),
    });
    if (plan.kind === 'reveal') return this.#reveal(turn, changes, staged, plan.activate);
    if (plan.kind === 'prepare') return this.#prepare(turn, changes, staged);
    await this.#stager.discard(site.id, staged.revision);
    if (tip === undefined) throw new Error('only a tree that equals the tip needs no revision');
    if (plan.kind === 'tip' && plan.activate !== null)
      return this.#activateTip(turn, tip, plan.activate, changes.deploy);
    const answer =
      plan.kind === 'unchanged' && mode === 'sync'
        ? await confirmInSync(this.#parts, { ...tip, site, deploy: null, deadline })
        : this.#answer(turn, tip, plan.kind === 'unchanged' ? 'live' : 'pending', true);
    if (changes.deploy !== null) await catalog.finishDeploy(changes.deploy, answer);
    return answer;
  }

  async #reveal(
    turn: Turn,
    changes: ChangeSet,
    staged: Staged,
    activate: Payload<'activate'> | null,
  ): Promise<Commit> {
    const { catalog } = this.#parts;
    const outcome = activate === null ? 'pending' : 'live';
    const { seq: _, ...answer } = this.#answer(turn, { ...staged, seq: 0 }, outcome, false);
    const { base = 0, deploy, message, restores } = changes;
    const { seq } = await catalog
      .reveal({
        ...staged,
        site: turn.site.id,
        base,
        message,
        restores,
        mode: turn.mode,
        activate,
        deploy: deploy === null ? null : { id: deploy, answer },
      })
      .catch(async (error: unknown) => {
        await this.#stager.discard(turn.site.id, staged.revision).catch(() => {});
        throw error;
      });
    if (activate === null) this.waiting.wake();
    return { ...answer, seq };
  }

  async #prepare(turn: Turn, changes: ChangeSet, staged: Staged): Promise<Commit> {
    const { site, deadline } = turn;
    const { seq, revision } = await this.#reveal(turn, { ...changes, deploy: null }, staged, null);
    try {
      return await publishInSync(this.#parts, { site, revision, seq, deploy: changes.deploy, deadline });
    } finally {
      // When the sync publish is aborted, a batch revision that it superseded waits again.
      this.waiting.wake();
    }
  }

  async #activateTip(
    turn: Turn,
    tip: RevisionRow,
    payload: Payload<'activate'>,
    deploy: string | null,
  ): Promise<Commit> {
    const { catalog, clock } = this.#parts;
    const { seq: _, ...answer } = this.#answer(turn, tip, 'live', true);
    const { seq } = await catalog.activate({
      site: turn.site.id,
      revision: tip.revision,
      payload,
      time: clock.now(),
      deploy: deploy === null ? null : { id: deploy, answer },
    });
    return { ...answer, seq };
  }

  #answer(
    { mode, site }: Turn,
    { revision, seq }: { revision: number; seq: number },
    outcome: Commit['outcome'],
    unchanged: boolean,
  ): Commit {
    const opens =
      outcome === 'pending' && mode !== 'sync' ? pendingOpens(site.policy, this.#parts.clock.now()) : null;
    return { revision, seq, unchanged, mode, outcome, edges: [], opens, receipts: [] };
  }

  #deployChanges({ id, base }: DeployRow, { message, deadline }: Turn): ChangeSet {
    return {
      base: base ?? undefined,
      message: message ?? '',
      restores: null,
      deploy: id,
      overlay: (revision, time) =>
        this.#stager.stageDeploy(id, revision, time, base === null, deadline.signal),
    };
  }

  async #rollbackTarget(site: number, to: number | undefined): Promise<RevisionRow> {
    const { catalog } = this.#parts;
    const target = to === undefined ? await catalog.formerlyLive(site) : await catalog.revision(site, to);
    if (target === undefined) {
      throw new SkerryError('nothing-to-roll-back', 'no revision with other content was live before');
    }
    if (target.state === 'aborted')
      throw new SkerryError('no-such-revision', `revision ${target.revision} was aborted`);
    return target;
  }

  /** Throws `bad-rules` when a file of rules has faults. */
  async #checkRules(site: number): Promise<void> {
    for (const path of RULE_FILES) {
      const entry = await this.#parts.catalog.staged(site, path);
      if (entry !== undefined) await this.#rules.check(site, entry);
    }
  }

  async #checkObjects(deploy: string): Promise<void> {
    const { catalog } = this.#parts;
    const missing = new Set<Digest>();
    for await (const digest of missingObjects(catalog, deploy)) {
      missing.add(digest);
      if (missing.size === MISSING_SHOWN) break;
    }
    if (missing.size > 0) {
      throw new SkerryError('objects-missing', `${missing.size} or more objects have not been uploaded`, {
        details: { missing: [...missing] },
      });
    }
    await checkDeploySizes(catalog, deploy);
  }
}

/** Throws `revision-moved` when the site is at another revision. */
export function checkExpectation({ name, tip }: SiteRow, expect: number | null): void {
  if (expect === null || expect === tip) return;
  throw new SkerryError('revision-moved', `${name} is at revision ${tip}, not at ${expect}`, {
    details: { current: tip },
  });
}
