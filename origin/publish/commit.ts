import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Change } from '../../shared/content/diff.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import { draftAlias } from '../../shared/site/alias.ts';
import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { Alias } from '../../shared/wire/alias-api.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { AliasTarget } from '../catalog/alias-calls.ts';
import type { DeployRow } from '../catalog/deploy-calls.ts';
import type { RevisionRow } from '../catalog/revision-calls.ts';
import type { DeletedOnly } from '../catalog/site-calls.ts';
import { isWindowOpen } from './activation-window.ts';
import type { ChangeSet } from './change-set.ts';
import type { CommitOptions, DraftOptions, RevisionTarget } from './commit-options.ts';
import type { CommitParts } from './commit-parts.ts';
import { activationNow, planCommit } from './commit-plan.ts';
import { type Aside, answerOf, outcomeOf, type Turn } from './commit-turn.ts';
import { Deadline } from './deadline.ts';
import { checkedBase, storedAnswer } from './deploy-base.ts';
import { namingMissing } from './deploy-checks.ts';
import { aliasTarget, canNameAgain, endUnwanted, neighbour, openRollout, revisionWith } from './drafts.ts';
import { endOrphan } from './recover.ts';
import { existingRevision, rollbackTarget } from './revision-target.ts';
import { wantedRollout } from './rollout-choice.ts';
import type { RuleCheck } from './rule-check.ts';
import { shownAlias } from './shown-alias.ts';
import { type Staged, Stager } from './stager.ts';
import { confirmInSync, publishInSync } from './sync-publish.ts';

const NEVER = new AbortController().signal;

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
  /** Wakes when an alias got a new time at which it expires. */
  readonly aliased = new Wakeup();
  /** Wakes when a rollout has begun. */
  readonly rolledOut = new Wakeup();
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
      const base = await checkedBase(catalog, deploy, turn.site, options);
      return this.#commit(turn, this.#deployChanges({ ...deploy, base }, turn));
    });
  }

  /** Commits changes to the site's tip. `changes` is called when this commit has the site's lock. */
  commitChanges(
    site: number,
    options: CommitOptions,
    changes: (time: number) => Promise<readonly Change[]>,
  ): Promise<Commit> {
    return this.commitOverlay(site, options, async (revision, time) =>
      this.#parts.catalog.stage(site, revision, await changes(time)),
    );
  }

  /** Like `commitChanges`, for changes that the catalog stages by itself, page by page. */
  commitOverlay(site: number, options: CommitOptions, overlay: ChangeSet['overlay']): Promise<Commit> {
    const { message = '', answerIn: deploy = null } = options;
    return this.#inTurn(site, options, (turn) =>
      this.#commit(turn, { base: turn.site.tip, message, restores: null, deploy, overlay }),
    );
  }

  /**
   * Makes a new revision equal to an old one: to `to`, or to the newest one that was live before and differs from the
   * live one.
   */
  rollback(site: number, to: number | undefined, options: CommitOptions = {}): Promise<Commit> {
    return this.#inTurn(site, options, async (turn) => {
      const answered = await storedAnswer(this.#parts.catalog, options);
      if (answered !== null) return answered;
      const target = await rollbackTarget(this.#parts.catalog, site, to);
      return this.#commit(turn, {
        base: target.revision,
        message: options.message ?? `rollback to revision ${target.revision}`,
        restores: target.revision,
        deploy: options.answerIn ?? null,
        overlay: async () => {},
      });
    });
  }

  /**
   * Makes a draft, or any other revision, live. No object moves. Edges keep a draft under its number if they can;
   * otherwise, its content gets a new number.
   */
  activate(site: number, target: RevisionTarget, options: CommitOptions = {}): Promise<Commit> {
    return this.#inTurn(site, options, async (turn) => {
      const { catalog, clock } = this.#parts;
      const answered = await storedAnswer(catalog, options);
      if (answered !== null) return answered;
      const number = 'alias' in target ? (await catalog.alias(site, target.alias)).revision : target.revision;
      const revision = await existingRevision(this.#parts.catalog, site, number);
      const { mode, now = false } = turn;
      const isOpen = isWindowOpen(turn.site.policy, clock.now());
      const activation = activationNow({ mode, now, isWindowOpen: isOpen });
      if (revision.state === 'draft' && revision.revision > turn.site.tip && activation !== null)
        return this.#makeLive(turn, revision, activation, options.answerIn ?? null, false);
      return this.#commit(turn, {
        base: revision.revision,
        message: turn.message ?? `activate revision ${revision.revision}`,
        restores: revision.revision,
        deploy: options.answerIn ?? null,
        overlay: async () => {},
      });
    });
  }

  /** Points an alias at a revision. `life` is in seconds. If edges can no longer take the revision, a copy gets it. */
  putAlias(site: number, alias: string, number: number, life: number | undefined): Promise<Alias> {
    return this.#inTurn(site, {}, async (turn) => {
      const revision = await existingRevision(this.#parts.catalog, site, number);
      return this.#pointAlias(turn, aliasTarget(this.#parts.clock, alias, life), revision);
    });
  }

  deleteAlias(site: number, alias: string): Promise<void> {
    const { catalog, clock, sites } = this.#parts;
    return sites.run(site, () => catalog.deleteAlias(site, alias, clock.now()));
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
        return this.#makeLive(turn, tip, payload, null, false);
      }
      const shown = await catalog.revision(site, pending?.revision ?? revision);
      return this.#answer(turn, shown, pending === null ? 'live' : 'pending', true);
    });
  }

  /** Waits until no commit of the site is running, so that no commit is reported as live for a deleted site. */
  deleteSite(site: number, only?: DeletedOnly): Promise<void> {
    const { catalog, clock, edges, sites } = this.#parts;
    return sites.run(site, async () => {
      const row = await catalog.site(site);
      await catalog.deleteSite(row.name, clock.now(), only);
      await edges.refusesWithoutLease(row, false);
    });
  }

  async #inTurn<T>(site: number, options: CommitOptions, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { catalog, clock } = this.#parts;
    const began = options.began ?? clock.monotonic();
    const { name, policy } = await catalog.site(site);
    if (options.draft !== undefined && options.mode !== undefined)
      throw new SkerryError('bad-request', 'a draft has no mode, because it does not become live');
    const mode = options.draft === undefined ? (options.mode ?? policy.mode) : 'async';
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
    const rollout = wantedRollout({ ...turn, changes }, this.#parts.edges);
    const tip = site.tip === 0 ? undefined : await catalog.revision(site.id, site.tip);
    const base = changes.base ?? (await neighbour(catalog, site, turn.draft?.alias));
    const overlay: ChangeSet['overlay'] = async (revision, time) => {
      await changes.overlay(revision, time);
      // A published revision can always be restored, even if this version finds faults in its rules.
      if (changes.restores === null) await this.#rules.checkStaged(catalog, site.id);
    };
    const staged = await this.#stager.stage({ site: site.id, base, overlay }, deadline.signal);
    // From here on, a sync publish checks its time-out itself, because it must not be interrupted half-way.
    deadline.disarm();
    if (turn.draft !== undefined) return this.#draft(turn, turn.draft, changes, staged);
    const begun = rollout && (await this.#rollOut(turn, rollout, changes, staged));
    if (begun !== undefined) return begun;
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
    // Whoever publishes what is live does not want what is on trial.
    await endUnwanted(catalog, site.id, clock.now());
    if (plan.kind === 'tip' && plan.activate !== null)
      return this.#makeLive(turn, tip, plan.activate, changes.deploy, true);
    const answer =
      plan.kind === 'unchanged' && mode === 'sync'
        ? await confirmInSync(this.#parts, { ...tip, site, deploy: null, deadline })
        : this.#answer(turn, tip, plan.kind === 'unchanged' ? 'live' : 'pending', true);
    if (changes.deploy !== null) await catalog.finishDeploy(changes.deploy, answer);
    return answer;
  }

  /** Begins a rollout. Undefined for a tree that is live already. */
  async #rollOut(
    turn: Turn,
    rollout: RolloutPolicy,
    changes: ChangeSet,
    staged: Staged,
  ): Promise<Commit | undefined> {
    const { catalog } = this.#parts;
    const open = await openRollout(catalog, turn.site.id);
    if (open?.root === staged.root) {
      await this.#stager.discard(turn.site.id, staged.revision);
      const answer = this.#answer(turn, open, 'rollout', true);
      if (changes.deploy !== null) await catalog.finishDeploy(changes.deploy, answer);
      return answer;
    }
    const live = await catalog.revision(turn.site.id, turn.site.revision);
    return live.root === staged.root ? undefined : this.#reveal(turn, changes, staged, null, { rollout });
  }

  async #reveal(
    turn: Turn,
    changes: ChangeSet,
    staged: Staged,
    activate: Payload<'activate'> | null,
    { draft, rollout }: Aside = {},
  ): Promise<Commit> {
    const { catalog } = this.#parts;
    const outcome = outcomeOf(activate, { draft, rollout });
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
        draft,
        rollout,
        deploy: deploy === null ? null : { id: deploy, answer },
      })
      .catch(async (error: unknown) => {
        await this.#stager.discard(turn.site.id, staged.revision).catch(() => {});
        throw error;
      });
    if (activate === null) this.waiting.wake();
    if (rollout !== undefined) this.rolledOut.wake();
    if (draft === undefined) return { ...answer, seq };
    this.aliased.wake();
    return { ...answer, seq, alias: shownAlias(turn.site, { ...draft, revision: staged.revision, seq }) };
  }

  /** A draft with the content of the live revision, or of its alias, needs no new revision. */
  async #draft(
    turn: Turn,
    { alias, life }: DraftOptions,
    changes: ChangeSet,
    staged: Staged,
  ): Promise<Commit> {
    const { catalog, clock } = this.#parts;
    const { site } = turn;
    const same = await revisionWith(catalog, staged.root, site, alias);
    const target = aliasTarget(clock, alias ?? draftAlias(same?.revision ?? staged.revision), life);
    if (same === undefined) return this.#reveal(turn, changes, staged, null, { draft: target });
    await this.#stager.discard(site.id, staged.revision);
    const pointed = await this.#pointAlias(turn, target, same);
    const answer = { ...this.#answer(turn, { ...same, seq: pointed.seq }, 'draft', true), alias: pointed };
    if (changes.deploy !== null) await catalog.finishDeploy(changes.deploy, answer);
    return answer;
  }

  async #pointAlias(turn: Turn, target: AliasTarget, revision: RevisionRow): Promise<Alias> {
    const { catalog, clock } = this.#parts;
    const { site } = turn;
    if (await canNameAgain(catalog, site, revision.revision)) {
      const { seq } = await catalog.putAlias(site.id, target, revision.revision, clock.now());
      this.aliased.wake();
      return shownAlias(site, { ...target, revision: revision.revision, seq });
    }
    const { alias } = await this.#copy(turn, revision, null, null, target);
    if (alias === undefined) throw new Error('a draft has an alias');
    return alias;
  }

  /** Commits the content of a revision under a new number. */
  async #copy(
    turn: Turn,
    { revision, message, restores }: RevisionRow,
    activate: Payload<'activate'> | null,
    deploy: string | null,
    draft?: AliasTarget,
  ): Promise<Commit> {
    const overlay = async () => {};
    const staged = await this.#stager.stage({ site: turn.site.id, base: revision, overlay }, NEVER);
    return this.#reveal(turn, { base: revision, message, restores, deploy, overlay }, staged, activate, {
      draft,
    });
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

  /** Makes a revision live that waits for it: the pending tip, or a draft after the tip. */
  async #makeLive(
    turn: Turn,
    waiting: RevisionRow,
    payload: Payload<'activate'>,
    deploy: string | null,
    unchanged: boolean,
  ): Promise<Commit> {
    const { catalog, clock } = this.#parts;
    if (!(await canNameAgain(catalog, turn.site, waiting.revision)))
      return this.#copy(turn, waiting, payload, deploy);
    const { seq: _, ...answer } = this.#answer(turn, waiting, 'live', unchanged);
    const { seq } = await catalog.activate({
      site: turn.site.id,
      revision: waiting.revision,
      payload,
      time: clock.now(),
      deploy: deploy === null ? null : { id: deploy, answer },
    });
    return { ...answer, seq };
  }

  #answer(
    turn: Turn,
    named: { revision: number; seq: number },
    outcome: Commit['outcome'],
    unchanged: boolean,
  ): Commit {
    return answerOf(turn, named, { outcome, unchanged, now: this.#parts.clock.now() });
  }

  #deployChanges({ id, base }: DeployRow, { message = '', deadline }: Turn): ChangeSet {
    const stage: ChangeSet['overlay'] = (revision, time) =>
      this.#stager.stageDeploy(id, revision, time, base === null, deadline.signal);
    return {
      ...{ base: base ?? undefined, message, restores: null, deploy: id },
      overlay: (revision, time) => namingMissing(this.#parts.catalog, id, stage(revision, time)),
    };
  }
}
