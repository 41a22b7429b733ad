import { Readable } from 'node:stream';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import { schema } from '../../../shared/json/schema.ts';
import type { Commit, ContentDigests, Site } from '../../../shared/wire/api.ts';
import {
  type CommitRequest,
  type DeployHeader,
  type DeployLine,
  openDeploySchema,
} from '../../../shared/wire/deploy-api.ts';
import type { ApiClient } from '../api-client.ts';
import { contentDigests, filesOfNodes } from '../content-calls.ts';
import { deployLines, type FolderChanges, type FolderState, folderState } from './change-plan.ts';
import { changesSince, knownContent } from './changes-since.ts';
import { FolderContent } from './folder-content.ts';
import type { HashedFile } from './hash-files.ts';
import { existingSite, inNewSite } from './new-site.ts';
import { impatient, type Patience } from './patience.ts';
import { FolderReading } from './read-folder.ts';
import { FileSender } from './send-files.ts';
import { allowsShrinking, type ShrinkRule, type SizeChange } from './shrink-plan.ts';

const TRIES = 4;
const openDeploy = schema(openDeploySchema);

export interface PublishProgress {
  /** Files found and hashed so far. */
  readonly hashed: number;
  readonly files: number;
  readonly sentBytes: number;
  readonly bytesToSend: number;
}

export interface PublishParts {
  readonly client: ApiClient;
  readonly hashThreads: HashThreads;
  readonly site: string;
  readonly commit: CommitRequest;
  /** Globs of files to publish that are left out by default. */
  readonly include?: readonly string[] | undefined;
  /** Decides which changes are not published. By default, all are published. */
  readonly shrinking?: ShrinkRule | undefined;
  /** A reading of the folder that has begun already. By default, it begins with the publish. */
  readonly reading?: FolderReading | undefined;
  /** Repeats requests that the origin refuses temporarily. By default, nothing is repeated. */
  readonly patience?: Patience | undefined;
  readonly progress: (progress: PublishProgress) => void;
  readonly signal: AbortSignal;
}

export interface Published {
  readonly commit: Commit;
  /** What the folder held. */
  state(): FolderState;
  readonly files: number;
  /** Counts files, and folders that were not read. */
  readonly leftOut: number;
  readonly sentFiles: number;
  readonly sentBytes: number;
}

/**
 * Publishes a folder as the whole tree of a site, and sends only what the origin lacks. A missing site is created, and
 * removed again when its first publish is refused. When a file changes during the publish, the content that was hashed
 * can no longer be sent, so the folder is read again. Throws `would-shrink`.
 */
export async function publishFolder(parts: PublishParts, folder: string): Promise<Published> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { reading } = attempt === 1 ? parts : {};
      return await publishAsFound(parts, reading ?? beginReading(parts, folder));
    } catch (error) {
      if (!isMovingTarget(error) || attempt === TRIES) throw error;
    }
  }
}

export function beginReading(
  { include = [], hashThreads, signal }: Pick<PublishParts, 'include' | 'hashThreads' | 'signal'>,
  folder: string,
): FolderReading {
  return new FolderReading(folder, include, hashThreads, signal);
}

async function publishAsFound(parts: PublishParts, reading: FolderReading): Promise<Published> {
  const { client, patience = impatient } = parts;
  const stop = new AbortController();
  const signal = AbortSignal.any([parts.signal, stop.signal]);
  const progress = { hashed: 0, files: 0, sentBytes: 0, bytesToSend: 0 };
  const report: Report = (change) => parts.progress(Object.assign(progress, change));
  reading.report((hashed, files) => report({ hashed, files }));
  try {
    const [{ files: found, leftOut }, site] = await Promise.all([
      reading.scanned,
      existingSite(client, parts.site),
    ]);
    refuseShrinking(parts, { before: site?.files ?? 0, after: found });
    const sent =
      site === undefined
        ? await inNewSite(
            client,
            parts.site,
            patience,
            () => publishFirst({ ...parts, signal }, reading, report),
            () => progress.sentBytes > 0,
          )
        : await publishNext(parts, site, reading, report);
    const files = await reading.hashed();
    return { ...sent, state: () => folderState(files), files: files.length, leftOut };
  } finally {
    reading.stop();
    stop.abort();
  }
}

/**
 * Publishes into a site that has no object yet, so files can be sent while others are hashed. When all are hashed, a
 * deploy is begun while the rest is sent: it keeps the objects, even if sending them takes hours.
 */
async function publishFirst(parts: PublishParts, reading: FolderReading, report: Report): Promise<Sent> {
  const { client, site, signal, patience = impatient } = parts;
  const early = new FileSender(
    client,
    site,
    (sentBytes) => report({ sentBytes, bytesToSend: early.bytesToSend }),
    signal,
  );
  reading.passOn((files) => early.add(files));
  const files = await reading.hashed();
  const lines = deployLines({ put: files, deleted: [] });
  return patience(() => publishChanges(parts, {}, lines, files, report, early));
}

/** Publishes into a site that may have revisions or objects. */
async function publishNext(
  parts: PublishParts,
  site: Site,
  reading: FolderReading,
  report: Report,
): Promise<Sent> {
  const { patience = impatient } = parts;
  const content = new FolderContent();
  reading.passOn((files) => content.add(files));
  const [newest, files] = await Promise.all([readNewest(parts, site), reading.hashed()]);
  const lines = () => deployLines({ put: files, deleted: [] });
  const whole = () => publishChanges(parts, {}, lines(), files, report);
  const compared = newest && (await compare(parts, newest, content, files.length));
  return patience(() => (compared === undefined ? whole() : publishCompared(parts, compared, whole, report)));
}

type Report = (change: Partial<PublishProgress>) => void;

/** A folder as changes of the newest revision. */
interface Compared extends Pick<FolderChanges, 'put' | 'deleted'> {
  readonly base: number;
}

interface Newest {
  readonly base: number;
  readonly digests: ContentDigests;
}

/**
 * Reads digests of what the newest revision holds. Undefined when nothing can be compared: a draft may build on another
 * revision. It never rejects, because the folder is read at the same time. Whatever failed fails again later.
 */
async function readNewest(
  { client, commit }: PublishParts,
  { name, revision, pending }: Site,
): Promise<Newest | undefined> {
  const base = pending?.revision ?? revision;
  if (base === 0 || commit.draft || commit.alias !== undefined) return undefined;
  try {
    return { base, digests: await contentDigests(client, name, base) };
  } catch {
    return undefined;
  }
}

/**
 * Lists the parts of the revision that differ from the folder, so that only changes are sent: the origin takes longer to
 * note a file of a deploy than to list a file of a revision. Undefined when most files have changed, and when the
 * revision cannot be read any more.
 */
async function compare(
  { client, site }: PublishParts,
  { base, digests }: Newest,
  content: FolderContent,
  files: number,
): Promise<Compared | undefined> {
  const unlike = content.nodesUnlike(digests);
  if (unlike.length === 0) return { base, put: [], deleted: [] };
  try {
    const known = await knownContent(filesOfNodes(client, site, base, unlike));
    const { put, deleted } = changesSince(known, content.filesIn(unlike));
    return put.length + deleted.length > files / 2 ? undefined : { base, put, deleted };
  } catch {
    return undefined;
  }
}

/** Publishes the changes. If somebody else has published in between, publishes the whole tree. */
async function publishCompared(
  parts: PublishParts,
  { base, put, deleted }: Compared,
  whole: () => Promise<Sent>,
  report: Report,
): Promise<Sent> {
  try {
    const lines = deployLines({ put, deleted });
    return await publishChanges(parts, { base, expect: base }, lines, put, report);
  } catch (error) {
    if (hasCode(error, 'revision-moved') || hasCode(error, 'no-such-revision')) return whole();
    throw error;
  }
}

type Sent = Pick<Published, 'commit' | 'sentFiles' | 'sentBytes'>;

/** Throws `would-shrink` when the rule refuses the change. */
export function refuseShrinking(
  { site, shrinking = allowsShrinking }: Pick<PublishParts, 'site' | 'shrinking'>,
  change: SizeChange,
): void {
  if (!shrinking(change)) return;
  const { before, after } = change;
  const left = after === 0 ? 'no file' : after === 1 ? 'one file' : `${after} files`;
  const beside = before === 0 ? '' : `, and ${site} has ${before}`;
  throw new SkerryError('would-shrink', `the folder has ${left} to publish${beside}`, {
    details: { ...change },
  });
}

/**
 * Publishes changes of the revision in the header, or a whole tree when the header has no base. `early` is sending all
 * files already. If that fails, those that are missing are sent again.
 */
export async function publishChanges(
  { client, site, commit, signal }: PublishParts,
  header: DeployHeader,
  lines: readonly DeployLine[],
  files: readonly HashedFile[],
  report: Report,
  early?: FileSender,
): Promise<Sent> {
  const [{ id, missing }, isSent] = await Promise.all([
    client.createDeploy(site, Readable.from(ndjson(header, lines))).catch(async (error: unknown) => {
      await early?.stop();
      throw error;
    }),
    early?.hasSentAll(),
  ]);
  const stillMissing = async () => (await client.ask('GET', `/v1/deploys/${id}`, openDeploy)).missing;
  const toSend = new Set<string>(early === undefined ? missing : isSent ? [] : await stillMissing());
  const sender = new FileSender(
    client,
    site,
    (sentBytes) => report({ sentBytes, bytesToSend: sender.bytesToSend }),
    signal,
  );
  sender.add(files.filter(({ digest }) => toSend.has(digest)));
  await sender.end();
  return {
    commit: await client.commit(id, commit),
    sentFiles: sender.sent.files + (early?.sent.files ?? 0),
    sentBytes: sender.sent.bytes + (early?.sent.bytes ?? 0),
  };
}

/** Whether the error comes from a folder that is being written to. In that case it helps to read the folder again. */
export function isMovingTarget(error: unknown): boolean {
  return (
    hasCode(error, 'file-changed') || hasCode(error, 'digest-mismatch') || hasCode(error, 'truncated-upload')
  );
}

function* ndjson(header: DeployHeader, lines: readonly DeployLine[]): Generator<string> {
  yield `${JSON.stringify(header)}\n`;
  for (let i = 0; i < lines.length; i += 500) {
    yield lines
      .slice(i, i + 500)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
  }
}
