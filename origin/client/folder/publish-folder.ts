import { Readable } from 'node:stream';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { CommitRequest, DeployHeader, DeployLine } from '../../../shared/wire/deploy-api.ts';
import type { ApiClient } from '../api-client.ts';
import { deployLines, type FolderState, folderState } from './change-plan.ts';
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
  const publish = () => patience(() => publishChanges(parts, undefined, lines, files, report));
  const sent = site === undefined ? await inNewSite(client, parts.site, patience, publish) : await publish();
  return { ...sent, state: folderState(files), files: files.length, leftOut };
}

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

/** Publishes changes against a revision, or as the whole tree when `base` is undefined. */
export async function publishChanges(
  { client, site, commit, signal }: PublishParts,
  base: number | undefined,
  lines: readonly DeployLine[],
  files: readonly HashedFile[],
  report: (sentBytes: number, bytesToSend: number) => void,
): Promise<{ commit: Commit; sentFiles: number; sentBytes: number }> {
  const { id, missing } = await client.createDeploy(site, Readable.from(ndjson(base, lines)));
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

function* ndjson(base: number | undefined, lines: readonly DeployLine[]): Generator<string> {
  const header: DeployHeader = base === undefined ? {} : { base };
  yield `${JSON.stringify(header)}\n`;
  for (let i = 0; i < lines.length; i += 500) {
    yield lines
      .slice(i, i + 500)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
  }
}
