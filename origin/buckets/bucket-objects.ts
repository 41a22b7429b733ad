import type { Clock } from '../../shared/clock.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { KeyedBatcher } from '../../shared/concurrency/keyed-batcher.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { mediaType } from '../../shared/content/media-type.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import { caller } from '../callers/caller.ts';
import type { BucketCalls, BucketChange } from '../catalog/bucket-calls.ts';
import type { BucketCondition, ChangeOutcome, ConditionOutcome } from '../catalog/bucket-condition.ts';
import type { BucketObject, ObjectDetail } from '../catalog/bucket-object.ts';
import type { FileDetails } from '../catalog/file-change.ts';
import type { ObjectCalls, StoredObject } from '../catalog/object-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { ObjectIntake } from '../ingest/object-intake.ts';
import type { RuleCheck } from '../publish/rule-check.ts';
import type { HeldCommits } from './held-commits.ts';

const MOST_PER_TRANSACTION = 512;

interface BucketObjectsParts {
  readonly catalog: Pick<Remote<BucketCalls>, 'changeBucket'> & Pick<Remote<ObjectCalls>, 'addObjects'>;
  readonly intake: Pick<ObjectIntake, 'takeAnd' | 'offer'>;
  readonly rules: Pick<RuleCheck, 'check'>;
  readonly held: HeldCommits;
  readonly gate: Gate;
  readonly clock: Clock;
}

/** What a client says about an object: for edges, and for S3 alone. */
export interface ObjectMeta {
  readonly details: FileDetails;
  readonly detail: ObjectDetail;
}

export interface IncomingObject {
  readonly body: AsyncIterable<unknown>;
  /** The announced size. */
  readonly size: number | undefined;
  readonly expected: Digest | undefined;
  readonly condition: BucketCondition;
  /** Called when the body has been read. Without quotes. */
  etag(): string;
  meta(): ObjectMeta;
}

export type Changed<T> = { readonly outcome: 'failed' | 'missing' } | ({ readonly outcome: 'done' } & T);

/**
 * Changes objects of sites for S3 clients. A change is durable, and S3 clients see it, when its promise resolves. The
 * caller has checked the rights.
 */
export class BucketObjects {
  readonly #parts: BucketObjectsParts;
  readonly #changes: KeyedBatcher<number, BucketChange, ReadonlyMap<BucketChange, ChangeOutcome>>;

  constructor(parts: BucketObjectsParts) {
    this.#parts = parts;
    this.#changes = new KeyedBatcher(
      (changes) => caller.run({ name: 'buckets' }, () => this.#make(changes)),
      MOST_PER_TRANSACTION,
    );
  }

  /** Throws `quota-exceeded`, `bad-rules`, and what the body throws. */
  put(site: SiteRow, path: ContentPath, incoming: IncomingObject): Promise<Changed<{ etag: string }>> {
    return this.#during(site, async () => {
      const { size, body, expected, condition } = incoming;
      if (size !== undefined) checkFileQuota(site.name, site.policy.quota, size);
      return this.#parts.intake.takeAnd(site.id, body, expected, async (object) => {
        const etag = incoming.etag();
        const change = await this.changeTo(
          site,
          path,
          { ...object, etag, ...incoming.meta() },
          condition,
        ).catch(async (error: unknown) => {
          await this.#parts.catalog.addObjects([object], this.#parts.clock.now());
          throw error;
        });
        const outcome = await this.#change(site, change);
        if (outcome === 'done') this.#parts.intake.offer(object);
        return { outcome, etag };
      });
    });
  }

  /** Puts an object whose bytes the store has already, as an object of another path, site or upload. */
  putStored(
    site: SiteRow,
    path: ContentPath,
    object: Omit<StoredObject, 'site'> & ObjectMeta & { readonly etag: string },
    condition: BucketCondition = {},
  ): Promise<Changed<{ readonly time: number }>> {
    return this.#during(site, async () => {
      const { gate, clock } = this.#parts;
      const change = await this.changeTo(site, path, object, condition);
      return { outcome: await gate.shared(() => this.#change(site, change)), time: clock.now() };
    });
  }

  /** Deleting what is not there changes nothing. */
  delete(site: SiteRow, path: ContentPath, condition: BucketCondition = {}): Promise<Changed<object>> {
    return this.#during(site, async () => ({
      outcome: await this.#change(site, { site: site.id, path, condition, put: null }),
    }));
  }

  /** Checks what a commit would refuse, and returns the change. */
  async changeTo(
    site: SiteRow,
    path: ContentPath,
    object: Omit<StoredObject, 'site'> & ObjectMeta & { readonly etag: string },
    condition: BucketCondition,
  ): Promise<BucketChange> {
    const { rules } = this.#parts;
    const { digest, size, chunks, etag, details, detail } = object;
    checkFileQuota(site.name, site.policy.quota, size);
    await rules.check(site.id, { path, digest, size });
    const put: Omit<BucketObject, 'path' | 'time'> = {
      ...{ digest, size, chunks, etag, detail },
      type: details.type ?? mediaType(path),
      meta: details.meta,
    };
    return { site: site.id, path, condition, put };
  }

  #during<T extends { readonly outcome: ConditionOutcome }>(site: SiteRow, write: () => Promise<T>) {
    const done = ({ outcome }: T) => outcome === 'done';
    return this.#parts.held.during(site.id, done, write) as Promise<Changed<Omit<T, 'outcome'>>>;
  }

  async #change(site: SiteRow, change: BucketChange): Promise<ConditionOutcome> {
    const outcomes = await this.#changes.add(change.site, change);
    return withinQuota(site, outcomes.get(change) ?? 'missing');
  }

  async #make(changes: readonly BucketChange[]): Promise<ReadonlyMap<BucketChange, ChangeOutcome>> {
    const outcomes = await this.#parts.catalog.changeBucket(changes, this.#parts.clock.now());
    return new Map(changes.map((change, i) => [change, outcomes[i] ?? 'missing']));
  }
}

/** Throws `quota-exceeded` for an object, or a part of one, that its site has no room for. */
export function withinQuota({ name }: SiteRow, outcome: ChangeOutcome): ConditionOutcome {
  if (outcome !== 'full') return outcome;
  throw new SkerryError('quota-exceeded', `${name} would exceed its quota with this object or part`);
}
