import type { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { ApiClient } from '../../../origin/client/api-client.ts';
import { publishFolder } from '../../../origin/client/folder/publish-folder.ts';
import { startHashThreads } from '../../../shared/hashing/hash-threads.ts';
import { type LoneOrigin, loneOrigin } from '../../helpers/lone-origin.ts';

interface Interruption {
  /** Comes when a deploy has begun and the first requests with objects have ended, or when the site is created. */
  readonly at: 'deploy' | 'site';
  /** The number of these requests. Later ones wait until the interruption. */
  readonly requests: number;
}

class Interrupted extends ApiClient {
  readonly #stop: AbortController;
  readonly #sending: Promise<unknown>[] = [];
  readonly #interruption: Interruption;

  constructor(origin: { url: string; token: string }, interruption: Interruption, stop: AbortController) {
    super(origin.url, origin.token, stop.signal);
    this.#stop = stop;
    this.#interruption = interruption;
  }

  override putObjects(...args: Parameters<ApiClient['putObjects']>) {
    return this.#send(() => super.putObjects(...args));
  }

  override putObject(...args: Parameters<ApiClient['putObject']>) {
    return this.#send(() => super.putObject(...args));
  }

  async #send<T>(request: () => Promise<T>): Promise<T> {
    if (this.#sending.length === this.#interruption.requests) {
      await new Promise((resolve) => this.#stop.signal.addEventListener('abort', resolve));
      throw this.#stop.signal.reason;
    }
    const sending = request();
    this.#sending.push(sending);
    return sending;
  }

  override async createDeploy(site: string, lines: Readable) {
    const deploy = await super.createDeploy(site, lines);
    await Promise.all(this.#sending);
    if (this.#interruption.at === 'deploy') this.#stop.abort();
    return deploy;
  }

  override async putSite(name: string) {
    const site = await super.putSite(name);
    if (this.#interruption.at === 'site') this.#stop.abort();
    this.#stop.signal.throwIfAborted();
    return site;
  }
}

const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}.txt`, `file ${i}`]));

/** Publishes with a client that is interrupted. */
async function interrupted(t: Test, origin: LoneOrigin, interruption: Interruption, folder: string) {
  const hashThreads = startHashThreads(1);
  t.teardown(() => hashThreads.close());
  const stop = new AbortController();
  const client = new Interrupted(origin, interruption, stop);
  const rest = { hashThreads, site: `interrupted-at-${interruption.at}`, commit: {}, progress: () => {} };
  await t.rejects(publishFolder({ ...rest, client, signal: stop.signal }, folder), { name: 'AbortError' });
  await client.close();
  return { ...rest, client: origin.client, signal: new AbortController().signal };
}

t.test('a first publish that is interrupted before it has sent anything leaves no site', async (t) => {
  const origin = await loneOrigin(t);
  const folder = t.testdir({ 'a.txt': 'a' });
  for (const at of ['site', 'deploy'] as const) {
    const { site } = await interrupted(t, origin, { at, requests: 0 }, folder);
    await t.rejects(origin.client.site(site), { code: 'no-such-site' }, at);
  }
  t.strictSame(await origin.client.sites(), []);
});

t.test('a first publish that is interrupted later sends nothing again', async (t) => {
  const origin = await loneOrigin(t);
  const folder = t.testdir(many);
  const parts = await interrupted(t, origin, { at: 'deploy', requests: 1 }, folder);
  t.equal((await origin.client.site(parts.site)).revision, 0);
  const { sentFiles } = await publishFolder(parts, folder);
  t.equal(sentFiles, 1000, 'the first 4,000 were sent before');
  t.match(await origin.client.site(parts.site), { revision: 1, files: 5000 });
});

t.test('a first publish that is refused leaves no site', async (t) => {
  const origin = await loneOrigin(t);
  const hashThreads = startHashThreads(1);
  t.teardown(() => hashThreads.close());
  const { signal } = new AbortController();
  const parts = {
    client: origin.client,
    hashThreads,
    site: 'refused',
    commit: {},
    progress: () => {},
    signal,
  };
  const folder = t.testdir({ 'a.txt': 'a', _headers: 'nonsense\n' });
  await t.rejects(publishFolder(parts, folder), { code: 'bad-rules' });
  t.strictSame(await origin.client.sites(), []);
});
