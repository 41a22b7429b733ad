import type { Readable } from 'node:stream';
import { ApiClient } from '../../../../../origin/client/api-client.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import type { Commit, Revision, Site } from '../../../../../shared/wire/api.ts';
import type { Deploy } from '../../../../../shared/wire/deploy-api.ts';

const LIVE: Commit = {
  ...{ revision: 1, seq: 1, unchanged: false, mode: 'async', outcome: 'live', edges: [], receipts: [] },
  opens: null,
};

/** A client of an origin that takes every object and commits as the test says; there is no site at first. */
export class PublishingClient extends ApiClient {
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  readonly #commit: (count: number) => Promise<void>;
  #exists = false;

  /** `commit` gets the count of commits, this one included; what it throws is the origin's answer. */
  constructor(commit: (count: number) => Promise<void>) {
    super('http://127.0.0.1:1', undefined, new AbortController().signal);
    this.#commit = commit;
  }

  get commits(): number {
    return this.calls.filter((call) => call === 'commit').length;
  }

  override async site(name: string): Promise<Site> {
    if (!this.#exists) throw new SkerryError('no-such-site', `there is no site ${name}`);
    const found = { name, domains: [], revision: 1, files: 1, bytes: 1, pending: null };
    return { ...found, policy: DEFAULT_POLICY };
  }

  override async putSite(name: string): Promise<Site> {
    this.calls.push('putSite');
    this.#exists = true;
    return this.site(name);
  }

  override async deleteSite(): Promise<void> {
    this.calls.push('deleteSite');
    this.#exists = false;
  }

  override async revisions(): Promise<Revision[]> {
    return [];
  }

  override async putObject(): Promise<void> {}

  override async createDeploy(_site: string, lines: Readable): Promise<Deploy> {
    await lines.toArray();
    return { id: 'deploy', missing: [] };
  }

  override async commit(): Promise<Commit> {
    this.calls.push('commit');
    await this.#commit(this.commits);
    return { ...LIVE, revision: this.commits };
  }
}
