import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode, type SkerryError } from '../../shared/errors.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import type { Cluster } from '../helpers/cluster.ts';
import { type Answer, ask, read } from '../helpers/http.ts';
import { until } from '../helpers/until.ts';
import { Contents, markerOf } from './sync-content.ts';
import type { Faults } from './sync-faults.ts';
import type { AsyncPublish, Ending, Fault, Publish } from './sync-judge.ts';
import { BESIDE, HOLDS, LOOSE, type PlannedRound, STRICT, type SyncPolicy } from './sync-plan.ts';
import { inWords } from './sync-words.ts';

export const SITES = [STRICT, LOOSE, BESIDE];
const ASYNC_EVERY_MS = 200;
const CONVERGED_MS = 60_000;
const AFTER_LEASE_MS = 8000;
/** Orphaned serving processes end by themselves after ten seconds. */
const ORPHANS_MS = 15_000;

/** Publishes to three sites of a cluster while faults are injected, and checks the end state. */
export class SyncRun {
  readonly contents = new Contents();
  readonly publishes: Publish[] = [];
  /** Ends the async publishes. */
  readonly quiet = new AbortController();
  readonly #cluster: Cluster;
  readonly #faults: Faults;
  readonly #signal: AbortSignal;
  #count = 0;

  constructor(cluster: Cluster, faults: Faults, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#signal = signal;
  }

  /** Publishes to every site once, and waits until all edges show it. */
  async begin(): Promise<void> {
    const { client } = this.#cluster;
    for (const site of [STRICT, LOOSE]) {
      await client.putSite(site, { policy: { mode: 'sync' } });
      await client.commit(await this.#upload(site, `${site}-0`), { mode: 'async', message: `${site}-0` });
    }
    await client.putSite(BESIDE);
    await client.commit(await this.#upload(BESIDE, 'beside-0'), { message: 'beside-0' });
    await this.#setPolicies({ [STRICT]: { withoutLease: 'refuse' } });
    for (const site of SITES) await this.#cluster.converged(site);
    // Edges that have just started refuse until they have received a head.
    for (const { url } of this.#cluster.edges)
      await until('the first answer', async () => (await read(url, STRICT, 'index.html')).status === 200);
  }

  /** Runs one round of the plan. Returns a description of what happened. */
  async round({ policies, publishes, faults, isCalm, repeats }: PlannedRound): Promise<string> {
    if (isCalm) {
      await this.#faults.over();
      await this.#caughtUp();
    }
    await this.#setPolicies(policies);
    const deploys = await Promise.all(
      publishes.map(async ({ site, at }) => {
        const marker = `${site}-${++this.#count}`;
        return { site, at, marker, id: await patiently(() => this.#upload(site, marker)) };
      }),
    );
    const begun = performance.now();
    const injected = faults.map(async (fault) => {
      await pause(fault.at);
      const { kind, edge, at, lasts } = fault;
      const where = kind === 'kill-origin' ? '' : ` ${edge + 1}`;
      return `${kind}${where} at ${at} for ${lasts}${this.#faults.begin(fault) ? '' : ' (skipped)'}`;
    });
    const published = await Promise.all(
      deploys.map(async ({ site, at, marker, id }) => {
        const policy = policies[site];
        await pause(Math.max(0, at - (performance.now() - begun)));
        const one = await this.#publish(site, marker, id, policy, false);
        if (one.ending.kind !== 'lost' || !repeats) return [one];
        // The origin is down. The publish is repeated when it is up.
        await patiently(() => this.#cluster.client.sites());
        return [one, await this.#publish(site, marker, id, policy, true)];
      }),
    );
    const done = published.flat();
    this.publishes.push(...done);
    return `t=${Math.round(begun)} ${isCalm ? 'calm; ' : ''}${done.map(inWords).join(' | ')}; ${(await Promise.all(injected)).join(', ')}`;
  }

  /**
   * Waits until every edge is online and shows at least what is live now. It does not wait for the newest revision,
   * because one site is published to all the time.
   */
  async #caughtUp(): Promise<void> {
    const { client } = this.#cluster;
    const live = await patiently(() => client.sites());
    await until('all edges to be back', async () => {
      const edges = await patiently(() => client.edges());
      return edges.every(({ online, sites }) => {
        return online && live.every(({ name, revision }) => (sites[name]?.revision ?? 0) >= revision);
      });
    });
  }

  /** Publishes to one site without pause. Resolves with the times that the publishes took. */
  async publishBeside(): Promise<AsyncPublish[]> {
    const { origin, token } = this.#cluster;
    const done: AsyncPublish[] = [];
    for (let i = 1; !this.quiet.signal.aborted && !this.#signal.aborted; i++) {
      const marker = `beside-${i}`;
      const { body, path } = this.contents.note(marker, 'index.html');
      const began = performance.now();
      const wasDown = this.#faults.isOriginDown;
      const answer = await ask(origin.url, `/v1/sites/${BESIDE}/files/${path}`, {
        method: 'PUT',
        body,
        headers: { authorization: `Bearer ${token}` },
      }).catch(() => undefined);
      const isLost = answer === undefined || wasDown || this.#faults.isOriginDown;
      done.push({ began, ended: performance.now(), isLost });
      await pause(ASYNC_EVERY_MS);
    }
    return done;
  }

  /** Checks that in the end all processes of all edges serve what is live. */
  async converge(): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const site of SITES) {
      try {
        const revision = await this.#cluster.converged(site, CONVERGED_MS);
        for (const { name, url } of this.#cluster.edges) {
          // An edge that has just got a lease again refuses until the next head, which arrives within five seconds. Its
          // processes learn of the head one after another.
          const answers = await until(
            `${name} to serve ${site}`,
            async () => {
              const found = await this.#readOften(url, site);
              return found.every(({ status }) => status === 200) && found;
            },
            AFTER_LEASE_MS,
          );
          for (const answer of answers) {
            const shown = String(answer.headers['skerry-revision']);
            if (answer.status === 200 && shown === `${site}@${revision}`) continue;
            const text = `${name} shows ${shown} of ${site} (${answer.status}), live is ${revision}`;
            faults.push({ kind: 'not converged', text: `${text}: ${markerOf(answer.body)}` });
          }
        }
      } catch (error) {
        faults.push({ kind: 'not converged', text: `${site}: ${error}` });
      }
    }
    return faults;
  }

  /** Reads over enough connections that each process answers some. */
  async #readOften(url: string, site: string): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let i = 0; i < 12; i++)
      answers.push(await read(url, site, 'index.html', { headers: { connection: 'close' } }));
    return answers;
  }

  /** Checks that no serving process outlives its replicator for long. */
  async orphans(): Promise<Fault[]> {
    try {
      await until('orphans to end', () => this.#faults.survivors().length === 0, ORPHANS_MS);
      return [];
    } catch {
      const left = this.#faults.survivors();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.map((pid) => ({ kind: 'orphan', text: `process ${pid} serves on without its replicator` }));
    }
  }

  async log(): Promise<LogRecord[]> {
    const { client } = this.#cluster;
    const records: LogRecord[] = [];
    while (true) {
      const page: LogRecord[] = (await client.log(records.length + 1, 1000)).records;
      records.push(...page);
      if (page.length < 1000) return records;
    }
  }

  async #publish(
    site: string,
    marker: string,
    deploy: string,
    policy: SyncPolicy,
    isRepeated: boolean,
  ): Promise<Publish> {
    const began = performance.now();
    const wasDown = this.#faults.isOriginDown;
    let ending: Ending;
    try {
      const commit = await this.#cluster.client.commit(deploy, { message: marker });
      ending = { kind: 'answered', commit };
    } catch (error) {
      if (hasCode(error, 'sync-aborted'))
        ending = { kind: 'aborted', revision: Number((error as SkerryError).details.revision) };
      else if (hasCode(error, 'sync-timeout')) ending = { kind: 'timeout' };
      else if (wasDown || this.#faults.isOriginDown) ending = { kind: 'lost' };
      else throw error;
    }
    return { site, marker, policy, began, ended: performance.now(), ending, isRepeated };
  }

  async #upload(site: string, marker: string): Promise<string> {
    const { client } = this.#cluster;
    const files = this.contents.tree(marker, HOLDS[site] ?? []);
    const lines = files.map(({ path, digest, body }) => JSON.stringify({ path, digest, size: body.length }));
    const { id, missing } = await client.createDeploy(site, Readable.from([`${lines.join('\n')}\n`]));
    for (const { digest, body } of files)
      if (missing.includes(digest)) await client.putObject(site, digest, body, body.length);
    return id;
  }

  async #setPolicies(policies: Readonly<Record<string, Partial<SyncPolicy>>>): Promise<void> {
    for (const [site, sync] of Object.entries(policies))
      await patiently(() => this.#cluster.client.putSite(site, { policy: { sync } }));
  }
}

/** Repeats the work while the origin is down. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end || !hasCode(error, 'origin-unreachable')) throw error;
      await pause(100);
    }
  }
}
