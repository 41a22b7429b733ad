import { Readable } from 'node:stream';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { Commit, CommitRequest, DeployHeader, DeployLine, Site } from '../../../shared/wire/api.ts';
import type { ApiClient } from '../api-client.ts';
import { deployLines, type FolderChanges, type FolderState, folderState } from './change-plan.ts';
import { changesSince, type KnownContent, knownContent } from './changes-since.ts';
import { type HashedFile, hashFiles } from './hash-files.ts';
import { readLeftOut } from './left-out.ts';
import { existingSite, inNewSite } from './new-site.ts';
import { impatient, type Patience } from './patience.ts';
import { scanFolder } from './scan.ts';
import { sendFiles } from './send-files.ts';
import { planSending } from './send-plan.ts';
import { allowsShrinking, type ShrinkRule, type SizeChange } from './shrink-plan.ts';

const TRIES = 4;

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
  /** Repeats requests that the origin refuses temporarily. By default, nothing is repeated. */
  readonly patience?: Patience | undefined;
  readonly progress: (progress: PublishProgress) => void;
  readonly signal: AbortSignal;
}

export interface Published {
  readonly commit: Commit;
  readonly state: FolderState;
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
      return await publishAsFound(parts, folder);
    } catch (error) {
      if (!isMovingTarget(error) || attempt === TRIES) throw error;
    }
  }
}

async function publishAsFound(parts: PublishParts, folder: string): Promise<Published> {
  const rules = await readLeftOut(folder, parts.include ?? []);
  const { files: found, leftOut } = await scanFolder(folder, rules);
  const site = await existingSite(parts.client, parts.site);
  refuseShrinking(parts, { before: site?.files ?? 0, after: found.length });
  const reading = site && readNewest(parts, site);
  let hashed = 0;
  const report = (sentBytes: number, bytesToSend: number) =>
    parts.progress({ hashed, files: found.length, sentBytes, bytesToSend });
  const files = await hashFiles(
    found,
    parts.hashThreads,
    (files) => {
      hashed += files;
      report(0, 0);
    },
    parts.signal,
  );
  const lines = deployLines({ put: files, deleted: [] });
  const { client, patience = impatient } = parts;
  const whole = () => publishChanges(parts, {}, lines, files, report);
  const compared = compare(await reading, files);
  const publish = () =>
    patience(() => (compared === undefined ? whole() : publishCompared(parts, compared, whole, report)));
  const sent = site === undefined ? await inNewSite(client, parts.site, patience, publish) : await publish();
  return { ...sent, state: folderState(files), files: files.length, leftOut };
}

/** A folder as changes of the newest revision. */
interface Compared extends Pick<FolderChanges, 'put' | 'deleted'> {
  readonly base: number;
}

interface Newest {
  readonly base: number;
  readonly known: KnownContent;
}

/**
 * Reads what the newest revision holds, so that only changes are sent: the origin takes longer to note a file of a
 * deploy than to list a file of a revision. Undefined when nothing can be compared: a draft may build on another
 * revision. It never rejects, because the folder is read at the same time. Whatever failed fails again later.
 */
async function readNewest(
  { client, commit }: PublishParts,
  { name, revision, pending }: Site,
): Promise<Newest | undefined> {
  const base = pending?.revision ?? revision;
  if (base === 0 || commit.draft || commit.alias !== undefined) return undefined;
  try {
    return { base, known: await knownContent(client.manifest(name, base)) };
  } catch {
    return undefined;
  }
}

/** Undefined when most files have changed. */
function compare(newest: Newest | undefined, files: readonly HashedFile[]): Compared | undefined {
  if (newest === undefined) return undefined;
  const { put, deleted } = changesSince(newest.known, files);
  return put.length + deleted.length > files.length / 2 ? undefined : { base: newest.base, put, deleted };
}

/** Publishes the changes. If somebody else has published in between, publishes the whole tree. */
async function publishCompared(
  parts: PublishParts,
  { base, put, deleted }: Compared,
  whole: () => Promise<Sent>,
  report: (sentBytes: number, bytesToSend: number) => void,
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

/** Publishes changes of the revision in the header, or a whole tree when the header has no base. */
export async function publishChanges(
  { client, site, commit, signal }: PublishParts,
  header: DeployHeader,
  lines: readonly DeployLine[],
  files: readonly HashedFile[],
  report: (sentBytes: number, bytesToSend: number) => void,
): Promise<Sent> {
  const { id, missing } = await client.createDeploy(site, Readable.from(ndjson(header, lines)));
  const plan = planSending(files, new Set(missing));
  let sentBytes = 0;
  const sent = (bytes: number) => {
    sentBytes += bytes;
    report(sentBytes, plan.bytes);
  };
  await sendFiles(client, site, plan, sent, signal);
  return { commit: await client.commit(id, commit), sentFiles: plan.files, sentBytes };
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
