import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { FileDetails } from './file-change.ts';

export interface DeployRow {
  readonly id: string;
  readonly site: number;
  readonly siteName: string;
  readonly base: number | null;
  readonly expect: number | null;
  /** The response to an earlier commit of this deploy. */
  readonly result: Commit | null;
}

export interface DeployFile extends FileDetails {
  readonly path: ContentPath;
  /** Null deletes the path. */
  readonly digest: Digest | null;
  readonly size: number;
}

export interface DeployCursor {
  readonly leaf: number;
  readonly path: string;
}

export interface SizeMismatch {
  readonly path: string;
  /** The size that the deploy declares. */
  readonly declared: number;
  /** The size of the object that the file's digest names. */
  readonly size: number;
}

export interface MissingPage {
  /** The digests that the site has not uploaded, each once. */
  readonly missing: readonly Digest[];
  /** The first file that is declared with another size than its object has. */
  readonly mismatch: SizeMismatch | undefined;
  /** Undefined on the last page. */
  readonly next: DeployCursor | undefined;
}

/** A request that may be repeated: its token, its Idempotency-Key, and a digest of what it asks for. */
export interface RequestKey {
  readonly token: string;
  readonly key: string;
  readonly print: string;
}

export interface ConflictPage {
  readonly paths: readonly ContentPath[];
  /** Undefined on the last page. */
  readonly next: DeployCursor | undefined;
}

/** Reads of a deploy, page by page. They throw `no-such-deploy` when the deploy was given up between two pages. */
export interface DeployReads {
  /** Throws `no-such-deploy`. */
  deploy(id: string): DeployRow;
  /** Compares a page of the deploy's files with what the site has uploaded. */
  missingObjects(id: string, after: DeployCursor | undefined): MissingPage;
  /**
   * The paths in a page of the deploy's files that differ between two revisions, and that the deploy does not leave as
   * they are in the later one.
   */
  deployConflicts(id: string, base: number, tip: number, after: DeployCursor | undefined): ConflictPage;
  /** The deploy that a request with this key opened within KEPT_KEYS, and what it asked for. */
  keyedDeploy(token: string, key: string, time: number): { id: string; print: string } | undefined;
  /** A path that the deploy puts or deletes outside of these folders. Undefined when there is none. */
  deployedBeyond(id: string, folders: readonly string[]): string | undefined;
}

/** One request opens and fills a deploy. Any later request that names the deploy's id finds it. */
export interface DeployCalls extends DeployReads {
  /**
   * `id` is random, so no other deploy has it. When a site has too many uncommitted deploys, the oldest is given up.
   * Throws `too-many-requests` when all of them are young.
   */
  createDeploy(id: string, site: number, time: number): void;
  /**
   * Adds all files or none. Throws `too-large`, `no-such-deploy`, and `duplicate-path`, the last also for a path that
   * an earlier call has added.
   */
  addDeployFiles(id: string, files: readonly DeployFile[]): void;
  /** Notes the header, and makes the deploy and all of its files durable. Does nothing when the deploy is gone. */
  completeDeploy(id: string, base: number | null, expect: number | null): void;
  /** Notes which request opened the deploy. An older deploy loses the key. Throws `no-such-deploy`. */
  keyDeploy(id: string, request: RequestKey): void;
  /** Hides the deploy at once. Retention deletes its files later. Throws `no-such-deploy`, also when repeated. */
  dropDeploy(id: string): void;
  /**
   * Records the response to a commit that made no revision. A later response replaces it. Callers hold the site's lock.
   */
  finishDeploy(id: string, result: Commit): void;
}
