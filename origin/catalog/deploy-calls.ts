import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Commit } from '../../shared/wire/api.ts';

export interface DeployRow {
  readonly id: string;
  readonly site: number;
  readonly siteName: string;
  readonly base: number | null;
  readonly expect: number | null;
  /** What an earlier commit of this deploy answered. */
  readonly result: Commit | null;
}

export interface DeployFile {
  readonly path: ContentPath;
  /** Null deletes the path. */
  readonly digest: Digest | null;
  readonly size: number;
}

export interface DeployCursor {
  readonly leaf: number;
  readonly path: string;
}

export interface MissingPage {
  readonly missing: readonly Digest[];
  /** Undefined when done. */
  readonly next: DeployCursor | undefined;
}

/** Reads of a deploy, page by page. One that was given up meanwhile throws `no-such-deploy`. */
export interface DeployReads {
  /** Throws `no-such-deploy`. */
  deploy(id: string): DeployRow;
  /** What the site has not uploaded of a page of the deploy's files, each digest once a page. */
  deployMissing(id: string, after: DeployCursor | undefined): MissingPage;
  /**
   * Throws `size-mismatch` when an uploaded object of a page of the deploy's files has not the size that the deploy
   * gave it; undefined when done.
   */
  checkDeploySizes(id: string, after: DeployCursor | undefined): DeployCursor | undefined;
}

/** A deploy is filled by the one request that opened it, and found by whoever knows its id. */
export interface DeployCalls extends DeployReads {
  /**
   * `id` is new: it is random. When a site has too many that are not committed, its oldest is given up. Throws
   * `too-many-requests` when all of them are young.
   */
  createDeploy(id: string, site: number, time: number): void;
  /** Replaces what was set before; of a deploy that is there no more it sets nothing. */
  setDeployHeader(id: string, base: number | null, expect: number | null): void;
  /** All of them or none. Throws `duplicate-path`, also for one of an earlier call, `too-large` and `no-such-deploy`. */
  addDeployFiles(id: string, files: readonly DeployFile[]): void;
  /** Nobody finds it from now on; what it names goes when there is time. Throws `no-such-deploy`, also when repeated. */
  dropDeploy(id: string): void;
  /** Records the answer of a commit that made no revision. The last one stays. Callers hold the site's lock. */
  finishDeploy(id: string, result: Commit): void;
}
