import type { Readable } from 'node:stream';
import t from 'tap';
import { ApiClient } from '../../../origin/client/api-client.ts';
import { publishFolder } from '../../../origin/client/folder/publish-folder.ts';
import { startHashThreads } from '../../../shared/hashing/hash-threads.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

/** Is interrupted when it has begun a deploy, or when it has created the site. */
class Interrupted extends ApiClient {
  readonly #stop: AbortController;
  readonly #at: 'deploy' | 'site';

  constructor(origin: { url: string; token: string }, at: 'deploy' | 'site', stop: AbortController) {
    super(origin.url, origin.token, stop.signal);
    this.#stop = stop;
    this.#at = at;
  }

  override async createDeploy(site: string, lines: Readable) {
    const deploy = await super.createDeploy(site, lines);
    if (this.#at === 'deploy') this.#stop.abort();
    return deploy;
  }

  override async putSite(name: string) {
    const site = await super.putSite(name);
    if (this.#at === 'site') this.#stop.abort();
    this.#stop.signal.throwIfAborted();
    return site;
  }
}

t.test('a first publish that is interrupted leaves no site', async (t) => {
  const origin = await loneOrigin(t);
  const hashThreads = startHashThreads(1);
  t.teardown(() => hashThreads.close());
  const folder = t.testdir({ 'a.txt': 'a' });
  for (const at of ['site', 'deploy'] as const) {
    const stop = new AbortController();
    const client = new Interrupted(origin, at, stop);
    const site = `interrupted-at-${at}`;
    const parts = { client, hashThreads, site, commit: {}, progress: () => {}, signal: stop.signal };
    await t.rejects(publishFolder(parts, folder), { name: 'AbortError' });
    await client.close();
    await t.rejects(origin.client.site(site), { code: 'no-such-site' }, at);
  }
  t.strictSame(await origin.client.sites(), []);
});
