import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import { KeyedBatcher } from '../../shared/concurrency/keyed-batcher.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { caller } from '../callers/caller.ts';
import type { BucketCondition } from '../catalog/bucket-condition.ts';
import type { ObjectDetail } from '../catalog/bucket-object.ts';
import type {
  Multipart,
  MultipartCalls,
  MultipartDetail,
  MultipartPart,
  PartOutcome,
} from '../catalog/multipart-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { ObjectIntake } from '../ingest/object-intake.ts';
import { type BucketObjects, type Changed, type ObjectMeta, withinQuota } from './bucket-objects.ts';
import type { HeldCommits } from './held-commits.ts';

const MOST_PER_TRANSACTION = 512;
const PAGE = 1000;
export const MOST_PARTS = 10_000;

interface MultipartUploadsParts {
  readonly catalog: Remote<MultipartCalls>;
  readonly store: Pick<ObjectStore, 'open'>;
  readonly intake: Pick<ObjectIntake, 'take' | 'takePart'>;
  readonly objects: Pick<BucketObjects, 'changeTo'>;
  readonly held: HeldCommits;
  readonly clock: Clock;
}

/** A part that a client sends. */
export interface IncomingPart {
  readonly number: number;
  readonly size: number;
  readonly body: AsyncIterable<unknown>;
  readonly expected?: Digest | undefined;
  /** Called when the body has been read. */
  etag(): string;
  checksum(): string | null;
}

/** What completes an upload. */
export interface Completion {
  readonly parts: readonly MultipartPart[];
  readonly condition: BucketCondition;
  /** Sees all bytes of the object before `meta` is called. */
  pass(bytes: Buffer): void;
  /** Throws when the object is not what the client says. */
  meta(detail: Pick<ObjectDetail, 'parts'>): Promise<ObjectMeta>;
}

/** Takes in objects that come in parts. Parts are durable when they are acknowledged, and survive a restart. */
export class MultipartUploads {
  readonly #parts: MultipartUploadsParts;
  readonly #arrived: KeyedBatcher<number, MultipartPart, ReadonlyMap<MultipartPart, PartOutcome>>;

  constructor(parts: MultipartUploadsParts) {
    this.#parts = parts;
    this.#arrived = new KeyedBatcher(
      (arrived) => caller.run({ name: 'buckets' }, () => this.#store(arrived)),
      MOST_PER_TRANSACTION,
    );
  }

  async create(site: SiteRow, path: ContentPath, detail: MultipartDetail): Promise<string> {
    const { catalog, clock } = this.#parts;
    const id = randomBytes(24).toString('hex');
    await catalog.createMultipart({ id, site: site.id, path, created: clock.now(), detail });
    return id;
  }

  /** The upload of this path with this id. Undefined when there is none. */
  async find(site: SiteRow, path: ContentPath, id: string): Promise<Multipart | undefined> {
    const upload = await this.#parts.catalog.multipart(id);
    return upload?.site === site.id && upload.path === path ? upload : undefined;
  }

  /** Undefined when the upload was completed or aborted meanwhile. Throws `quota-exceeded`. */
  async put(site: SiteRow, { id }: Multipart, part: IncomingPart): Promise<MultipartPart | undefined> {
    const { catalog, intake, held, clock } = this.#parts;
    return held.during(
      site.id,
      () => false,
      async () => {
        checkFileQuota(site.name, site.policy.quota, part.size);
        // A part without room is refused before it is read. Parts that arrive together are judged again below.
        const room = await catalog.judgePart({ upload: id, number: part.number, size: part.size });
        if (withinQuota(site, room) !== 'done') return undefined;
        const { digest, size } = await intake.takePart(site.id, part.body, part.expected);
        const arrived: MultipartPart = {
          ...{ upload: id, number: part.number, digest, size, time: clock.now() },
          ...{ etag: part.etag(), checksum: part.checksum() },
        };
        const outcomes = await this.#arrived.add(site.id, arrived);
        const outcome = withinQuota(site, outcomes.get(arrived) ?? 'missing');
        return outcome === 'done' ? arrived : undefined;
      },
    );
  }

  /** All parts that have arrived, in ascending order. */
  async parts({ id }: Pick<Multipart, 'id'>): Promise<MultipartPart[]> {
    const parts: MultipartPart[] = [];
    for (
      let page = await this.#page(id, 0);
      page.length > 0;
      page = await this.#page(id, parts.at(-1)?.number ?? 0)
    )
      parts.push(...page);
    return parts;
  }

  abort({ id }: Multipart): Promise<boolean> {
    return this.#parts.catalog.dropMultipart(id);
  }

  /** Puts the parts together. The parts are those of the upload. */
  complete(site: SiteRow, upload: Multipart, completion: Completion): Promise<Changed<{ etag: string }>> {
    const { catalog, intake, objects, held, clock } = this.#parts;
    const { parts, condition } = completion;
    return held.during<Changed<{ etag: string }>>(
      site.id,
      ({ outcome }) => outcome === 'done',
      async () => {
        checkFileQuota(
          site.name,
          site.policy.quota,
          parts.reduce((sum, { size }) => sum + size, 0),
        );
        const object = await intake.take(site.id, this.#together(completion));
        const etag = etagOfParts(parts);
        const meta = await completion.meta({ parts: parts.map(({ size }) => size) });
        const change = await objects.changeTo(site, upload.path, { ...object, etag, ...meta }, condition);
        const outcome = withinQuota(
          site,
          await catalog.finishMultipart(upload.id, etag, change, clock.now()),
        );
        return outcome === 'done' ? { outcome, etag } : { outcome };
      },
    );
  }

  async *#together({ parts, pass }: Completion): AsyncGenerator<Buffer> {
    for (const { digest } of parts) {
      const bytes: Readable | undefined = await this.#parts.store.open(digest);
      if (bytes === undefined) throw new SkerryError('no-such-object', `the part ${digest} is not stored`);
      for await (const piece of bytes) {
        pass(piece as Buffer);
        yield piece as Buffer;
      }
    }
  }

  #page(upload: string, after: number): Promise<MultipartPart[]> {
    return this.#parts.catalog.parts(upload, after, PAGE);
  }

  async #store(arrived: readonly MultipartPart[]): Promise<ReadonlyMap<MultipartPart, PartOutcome>> {
    const outcomes = await this.#parts.catalog.addParts(arrived);
    return new Map(arrived.map((part, i) => [part, outcomes[i] ?? 'missing']));
  }
}

/** As S3 computes it: the MD5 of the MD5s of the parts, and the number of parts. */
function etagOfParts(parts: readonly MultipartPart[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}
