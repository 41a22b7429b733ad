import { Agent } from 'node:http';
import { ask, read } from '../../helpers/http.ts';
import { until } from '../../helpers/until.ts';
import type { Attack } from './attack.ts';
import type { Target } from './target.ts';

const QUIET = 'quiet';
const EVIL = 'evil';
const SECONDS = 5;

/** Sends a request. Resolves with the status. */
type Publisher = (method: string, path: string, body?: string | Buffer, type?: string) => Promise<number>;

interface Loop {
  readonly atOnce: number;
  prepare?(call: Publisher): Promise<unknown>;
  once(call: Publisher, nth: number): Promise<unknown>;
}

/** Each loop uses one token for one site, which may do this as often as it likes. */
const loops: Readonly<Record<string, Loop>> = {
  'tiny files, one at a time': {
    atOnce: 1,
    once: (call, i) => call('PUT', '/files/a.txt', `${i}`),
  },
  'tiny files, many at once': {
    atOnce: 200,
    once: (call, i) => call('PUT', `/files/${i % 500}.txt`, `${i}`),
  },
  'files put and deleted': {
    atOnce: 50,
    async once(call, i) {
      await call('PUT', `/files/${i % 100}.txt`, `${i}`);
      await call('DELETE', `/files/${i % 100}.txt`);
    },
  },
  'large deploys that nobody commits': {
    atOnce: 4,
    once: (call, i) => call('POST', '/deploys', deploy(20_000, i)),
  },
  'large deploys, many at once': {
    atOnce: 20,
    once: (call, i) => call('POST', '/deploys', deploy(20_000, i)),
  },
  'lists of revisions': {
    atOnce: 100,
    once: (call) => call('GET', '/revisions?limit=9999'),
  },
  'rollbacks between two revisions': {
    atOnce: 50,
    async prepare(call) {
      await call('PUT', '/files/a.txt', 'one');
      await call('PUT', '/files/a.txt', 'two');
    },
    once: (call, i) => call('POST', '/rollback', JSON.stringify({ to: 1 + (i % 2) })),
  },
  'aliases that move between old revisions': {
    atOnce: 50,
    async prepare(call) {
      await call('PUT', '/files/a.txt', 'one');
      await call('PUT', '/files/a.txt', 'two');
    },
    once: (call, i) => call('PUT', `/aliases/pr-${i % 200}`, JSON.stringify({ revision: 1 + (i % 2) })),
  },
  'drafts that are activated, and aliases that come and go': {
    atOnce: 50,
    prepare: (call) => call('PUT', '/files/a.txt', 'one'),
    async once(call, i) {
      const alias = `pr-${i % 20}`;
      await call('PUT', `/aliases/${alias}`, JSON.stringify({ revision: 1 }));
      await call('PUT', '/files/a.txt', `${i}`);
      await call('POST', '/activate', JSON.stringify({ alias }));
      await call('DELETE', `/aliases/${alias}`, '', 'text/plain');
    },
  },
};

function deploy(files: number, nth: number): string {
  const list: Record<string, { digest: string; size: number }> = {};
  for (let i = 0; i < files; i++)
    list[`${nth}/${i}`] = { digest: (nth * files + i).toString(16).padStart(64, '0'), size: 1 };
  return JSON.stringify({ files: list });
}

interface LoopOutcome {
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** How long changes of another site took until readers saw them, in milliseconds, ascending. */
  readonly seen: readonly number[];
  /** By how many records the log has grown. */
  readonly records: number;
}

/** One publisher repeats a loop, while another site is published again and again. */
async function publishBeside(target: Target, loop: Loop, seconds = SECONDS): Promise<LoopOutcome> {
  const { cluster, origin, child } = target;
  const token = (await cluster.client.createToken({ scope: `publish:${EVIL}` })).token;
  const calling = (bearer: string, site: string): Publisher => {
    const agent = new Agent({ keepAlive: true });
    return async (method, path, body = '', type = 'application/json') =>
      (
        await ask(origin.url, `/v1/sites/${site}${path}`, {
          method,
          body,
          headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
          agent,
        })
      ).status;
  };
  const attacker = calling(token, EVIL);
  const quiet = calling(cluster.token, QUIET);
  await attacker('PUT', '', '{}');
  await quiet('PUT', '', '{}');
  await loop.prepare?.(attacker);
  const first = (await cluster.client.log(undefined, 1)).records[0]?.seq ?? 0;

  const end = performance.now() + seconds * 1000;
  let requests = 0;
  const statuses: Record<string, number> = {};
  const count: Publisher = async (...args) => {
    requests++;
    const status = await attacker(...args).catch(() => 0);
    statuses[status] = (statuses[status] ?? 0) + 1;
    return status;
  };
  let nth = 0;
  const attacks = Array.from({ length: loop.atOnce }, async () => {
    while (performance.now() < end) await loop.once(count, nth++);
  });
  const seen: number[] = [];
  for (let i = 0; performance.now() < end || i < 2; i++) {
    const began = performance.now();
    const content = `${i} ${Math.random()}`;
    await quiet('PUT', '/files/a.txt', content, 'text/plain');
    await until(
      'a change of another site to be seen',
      async () => (await read(child.url, QUIET, 'a.txt')).body.toString() === content,
      80_000,
    );
    seen.push(performance.now() - began);
  }
  await Promise.all(attacks);
  const last = (await cluster.client.log(undefined, 1)).records[0]?.seq ?? 0;
  return { requests, statuses, seen: seen.toSorted((a, b) => a - b), records: last - first };
}

export const publishes: readonly Attack[] = Object.entries(loops).map(([name, loop]) => ({
  name: `a publisher's loop: ${name}`,
  point: '9',
  async run(target) {
    const { requests, statuses, seen, records } = await publishBeside(target, loop);
    const others = `another site's changes seen after ${seen.map(Math.round).join(', ')} ms`;
    return { refused: `${requests} requests (${JSON.stringify(statuses)}), ${records} records; ${others}` };
  },
}));
