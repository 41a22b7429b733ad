import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { NoteAct } from '../callers/acts.ts';
import { caller } from '../callers/caller.ts';
import { committed } from '../callers/committed.ts';
import type { BucketCalls } from '../catalog/bucket-calls.ts';
import type { SiteReads } from '../catalog/site-calls.ts';
import type { Committer } from '../publish/commit.ts';
import { type Activity, commitDue } from './hold-plan.ts';

/** The wait after a commit that failed. It doubles up to the longest. */
const RETRY_MS = { first: 5000, longest: 60_000 };
/** The tokens that an event about a commit names. */
const MOST_NAMED = 10;

interface HeldCommitsParts {
  readonly catalog: Pick<Remote<BucketCalls>, 'heldSites' | 'openHeld' | 'stageHeld'> &
    Pick<Remote<SiteReads>, 'site'>;
  readonly committer: Pick<Committer, 'commitOverlay'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly noteAct: NoteAct;
}

interface Held {
  first: number | undefined;
  last: number;
  writing: number;
  readonly tokens: Set<string>;
  /** Ends when no change is held. */
  keeper: Promise<void> | undefined;
}

/**
 * Makes revisions of what S3 clients have changed: when their bucket has been quiet for a moment, after the longest
 * hold, or at once. Until then the changes are durable in the catalog, where S3 clients see them.
 */
export class HeldCommits {
  readonly #parts: HeldCommitsParts;
  readonly #sites = new Map<number, Held>();
  readonly #stopping = new AbortController();

  constructor(parts: HeldCommitsParts) {
    this.#parts = parts;
  }

  /** Goes on with the changes that an earlier process has left. */
  async start(): Promise<void> {
    for (const site of await this.#parts.catalog.heldSites()) this.#changed(site);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#sites.values()].map(({ keeper }) => keeper));
  }

  /** Runs a write to a site. `isChange` of its result says whether it has left a change. */
  async during<T>(site: number, isChange: (result: T) => boolean, write: () => Promise<T>): Promise<T> {
    const held = this.#of(site);
    held.writing++;
    try {
      const result = await write();
      if (isChange(result)) this.#changed(site);
      return result;
    } finally {
      held.writing--;
      held.last = this.#parts.clock.monotonic();
      this.#forget(site);
    }
  }

  /** Commits the held changes now. Undefined when there are none. Throws the errors of a commit; the changes stay. */
  async commit(site: number): Promise<Commit | undefined> {
    const { catalog, committer, clock, noteAct } = this.#parts;
    const held = this.#of(site);
    const taken = held.first;
    const tokens = [...held.tokens].slice(0, MOST_NAMED);
    const id = randomUUID();
    const until = await catalog.openHeld(id, site, clock.now());
    if (until === undefined) {
      if (held.first === taken) held.first = undefined;
      return undefined;
    }
    // What comes from here on is for the next revision.
    held.first = undefined;
    held.tokens.clear();
    try {
      const commit = await committer.commitOverlay(site, { answerIn: id }, async (revision, time) => {
        let after: number | undefined = 0;
        while (after !== undefined) after = await catalog.stageHeld(site, revision, time, { after, until });
      });
      const { name } = await catalog.site(site);
      noteAct('bucket-commit', { site: name, tokens, ...committed(commit) });
      return commit;
    } catch (error) {
      held.first = taken ?? clock.monotonic();
      for (const token of tokens) held.tokens.add(token);
      throw error;
    }
  }

  #of(site: number): Held {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    const last = this.#parts.clock.monotonic();
    const held: Held = { first: undefined, last, writing: 0, tokens: new Set(), keeper: undefined };
    this.#sites.set(site, held);
    return held;
  }

  #changed(site: number): void {
    const held = this.#of(site);
    held.first ??= this.#parts.clock.monotonic();
    const token = caller.getStore()?.token?.id;
    if (token !== undefined) held.tokens.add(token);
    if (this.#stopping.signal.aborted) return;
    // The keeper works for all callers, not in the name of the first one.
    held.keeper ??= caller
      .run({ name: 'buckets' }, () => this.#keep(site, held))
      .finally(() => {
        held.keeper = undefined;
        this.#forget(site);
      });
  }

  #forget(site: number): void {
    const held = this.#sites.get(site);
    if (held?.first === undefined && held?.writing === 0 && held.keeper === undefined)
      this.#sites.delete(site);
  }

  async #keep(site: number, held: Held): Promise<void> {
    const { catalog, clock, log } = this.#parts;
    const { signal } = this.#stopping;
    let retry = RETRY_MS.first;
    while (held.first !== undefined && !signal.aborted) {
      try {
        const { policy } = await catalog.site(site);
        const wait =
          commitDue({ ...held, first: held.first } satisfies Activity, policy.bucket) - clock.monotonic();
        if (wait > 0) {
          await clock.sleep(wait, signal);
          continue;
        }
        await this.commit(site);
        retry = RETRY_MS.first;
      } catch (error) {
        if (signal.aborted || hasCode(error, 'no-such-site')) return;
        log.error(
          { err: error, site },
          'changes of S3 clients could not become a revision; the origin tries again',
        );
        await clock.sleep(retry, signal).catch(() => {});
        retry = Math.min(2 * retry, RETRY_MS.longest);
      }
    }
  }
}
