import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { NoteAct } from '../callers/acts.ts';
import { committed } from '../callers/committed.ts';
import type { DeployCalls } from '../catalog/deploy-calls.ts';
import { NO_DETAILS } from '../catalog/file-change.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import type { Committer } from '../publish/commit.ts';
import type { CommitOptions } from '../publish/commit-options.ts';
import type { ArchivedFile } from './archive/archived-file.ts';
import { archivedFiles } from './archive/archived-files.ts';
import { ArchivePaths } from './archive-paths.ts';
import { BodyPlaces } from './body-places.ts';
import type { DeployItem } from './deploy-lines.ts';
import { createDeploy } from './deploys.ts';
import type { ObjectIntake } from './object-intake.ts';
import type { RepeatableRequest, RequestKeys } from './request-keys.ts';
import type { UploadsAhead } from './uploads-ahead.ts';

/** The large files of an archive that are hashed and stored while the next ones arrive. */
const LARGE_AT_ONCE = 4;

interface ArchivesParts {
  readonly catalog: Pick<Remote<SiteReads>, 'siteNamed'> &
    Remote<DeployCalls> &
    Pick<Remote<RevisionReads>, 'revision'>;
  readonly clock: Clock;
  readonly intake: Pick<ObjectIntake, 'take' | 'smallBatches'>;
  readonly ahead: Pick<UploadsAhead, 'offerRest'>;
  readonly committer: Pick<Committer, 'commitDeploy'>;
  readonly keys: Pick<RequestKeys, 'deployOf'>;
  readonly noteAct: NoteAct;
  /** Where a zip lies until its end has come. */
  readonly spool: string;
}

interface ArchiveOptions extends CommitOptions {
  /** Leaves out the leading folder. */
  readonly strip?: boolean;
  /** The revision that the site must be at. */
  readonly expect?: number | undefined;
  readonly request?: RepeatableRequest | undefined;
}

type DeployFileItem = Extract<DeployItem, { readonly file: unknown }>;

/**
 * Publishes archives: the files of one archive become the whole tree of a site, in one revision. Memory holds a few
 * megabytes of an archive, whatever its size.
 */
export class Archives {
  readonly #parts: ArchivesParts;
  readonly #places = new BodyPlaces();

  constructor(parts: ArchivesParts) {
    this.#parts = parts;
  }

  /**
   * Throws `bad-archive`, `bad-path`, `duplicate-path`, `too-large`, `truncated-upload`, and the errors of a commit. In
   * that case, nothing is published. The objects that were stored stay for an hour, so that a repeated publish does not
   * store them again.
   */
  async publish(
    name: string,
    body: AsyncIterable<Uint8Array>,
    { strip = false, expect, request, ...options }: ArchiveOptions,
  ): Promise<Commit> {
    const { catalog, clock, committer, ahead, keys, noteAct } = this.#parts;
    const site = await catalog.siteNamed(name);
    const leave = await this.#places.enter(site.id);
    let deploy: string;
    try {
      deploy = await keys.deployOf(request, body, async (body) => {
        const items = this.#items(site, body, new ArchivePaths(strip), expect);
        return (await createDeploy(catalog, clock, site, items)).id;
      });
    } finally {
      leave();
    }
    ahead.offerRest(site.id);
    try {
      const commit = await committer.commitDeploy(deploy, options);
      noteAct('publish', { site: name, ...committed(commit), message: options.message });
      return commit;
    } catch (error) {
      // Nobody knows the deploy, so nobody could commit it later. A repeated request begins anew.
      await catalog.dropDeploy(deploy).catch(() => {});
      throw error;
    }
  }

  /** The files, once their objects are stored or are going to be. All are durable when the generator ends. */
  async *#items(
    { id: site, name, policy }: SiteRow,
    body: AsyncIterable<Uint8Array>,
    paths: ArchivePaths,
    expect: number | undefined,
  ): AsyncGenerator<DeployItem> {
    const small = this.#parts.intake.smallBatches(site);
    const large: Promise<DeployFileItem>[] = [];
    let isEmpty = true;
    yield { header: expect === undefined ? {} : { expect } };
    try {
      for await (const file of archivedFiles(body, this.#parts.spool)) {
        isEmpty = false;
        const path = paths.of(file.name);
        checkFileQuota(name, policy.quota, file.size);
        const itemOf = (digest: Digest) => ({ file: { path, digest, size: file.size, ...NO_DETAILS } });
        if (file.size <= SMALL_OBJECT) {
          yield itemOf(await small.add(await whole(file)));
          continue;
        }
        const { taking, read } = this.#takeLarge(site, file);
        large.push(taking.then(itemOf));
        await read;
        if (large.length > LARGE_AT_ONCE) yield* await oldest(large);
      }
      if (isEmpty) throw new SkerryError('bad-archive', 'the archive has no files');
      while (large.length > 0) yield* await oldest(large);
      await small.end();
    } finally {
      await Promise.allSettled([...large, small.settle()]);
    }
  }

  /** `read` resolves when the content has been read, which is before it is hashed and stored. */
  #takeLarge(site: number, { content }: ArchivedFile) {
    const end = Promise.withResolvers<void>();
    async function* untilEnd() {
      try {
        yield* content;
      } finally {
        end.resolve();
      }
    }
    const taking = this.#parts.intake.take(site, untilEnd()).then(({ digest }) => digest);
    // Whoever waits for the item gets the error.
    taking.catch(() => {});
    return { taking, read: Promise.race([end.promise, taking]) };
  }
}

async function oldest(large: Promise<DeployFileItem>[]): Promise<DeployFileItem[]> {
  const first = large.shift();
  return first === undefined ? [] : [await first];
}

async function whole({ content }: ArchivedFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}
