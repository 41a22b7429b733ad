import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { writeCertificate } from '../helpers/certificates.ts';
import { type Node, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { Readers, type Target } from './drain-readers.ts';

const SITE = 'www';
const HOST = 'www.example';
const LARGE_BYTES = 32 * 1024 ** 2;
const LOOK_MS = 50;
/** One reader of so many speaks HTTP/2. */
const HTTP2_SHARE = 7;

export interface DrainOptions {
  readonly rate: number;
  /** How long readers ask before and after each change. */
  readonly seconds: number;
  readonly readers: number;
  /** Leaves out the sync publish, and the restart of the drained edge without its origin. */
  readonly isQuick: boolean;
  readonly tell: (line: string) => void;
}

/** Two edges with a certificate for the site. The first, which is drained, has so many serving processes. */
export async function startDrainCluster(processes: number) {
  const folder = await mkdtemp(join(ON_DISK, 'skerry-drain-'));
  const certs = join(folder, 'certs');
  await writeCertificate(join(certs, 'a'), [HOST]);
  const tlsPorts = await freePorts(2);
  const cluster = await startCluster({
    ...{ edges: 2, folder },
    args: (i) => [
      ...['--processes', i === 0 ? String(processes) : '1'],
      ...['--tls-port', String(tlsPorts[i]), '--certs', certs],
    ],
  });
  return {
    cluster,
    tlsPorts,
    async close() {
      await cluster.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Drains an edge under load, restarts it without its origin, and brings it back. Readers choose among the edges whose
 * `/readyz` answers 200, as behind a load balancer. Returns what went wrong.
 */
export async function drainUnderLoad(
  { cluster, tlsPorts }: Pick<Awaited<ReturnType<typeof startDrainCluster>>, 'cluster' | 'tlsPorts'>,
  { rate, seconds, readers: count, isQuick, tell }: DrainOptions,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}.css`, `f${i} {}`]));
  const tree = await writeTree(join(cluster.folder, SITE), {
    ...files,
    'large.bin': 'x'.repeat(LARGE_BYTES),
  });
  await cluster.client.putSite(SITE, { domains: [HOST] });
  const published = await cluster.skerry('publish', tree, '--site', SITE, '--wait');
  if (published.code !== 0) throw new Error(published.stderr);
  const [first, second] = cluster.edges;
  if (first === undefined || second === undefined) throw new Error('a cluster of two edges has two');

  const balancer = new Balancer(
    cluster.edges.map((node, i) => ({
      node,
      target: { name: node.name, url: node.url, secureUrl: `https://127.0.0.1:${tlsPorts[i]}` },
    })),
  );
  await balancer.look();
  const http2 = Math.ceil(count / HTTP2_SHARE);
  const readers = new Readers({
    choose: () => balancer.choose(),
    ...{ host: `${SITE}.localhost`, secureHost: HOST },
    paths: Object.keys(files).map((path) => `/${path}`),
    isRight: (path, body) => body === files[path.slice(1)],
    ...{ http1: count - http2, http2, rate },
  });
  const readFor = async (what: string) => {
    const [began, answered] = [performance.now(), readers.answered];
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    const perSecond = (1000 * (readers.answered - answered)) / (performance.now() - began);
    tell(`${what}: ${perSecond.toFixed(0)} requests/s, ${readers.at('edge-1')} readers at edge-1`);
  };
  const moved = async (from: Node, act: () => Promise<{ code: number | null; stderr: string }>) => {
    const began = performance.now();
    const done = await act();
    expect(done.code === 0, done.stderr);
    await until(`all readers to leave ${from.name}`, () => readers.at(from.name) === 0);
    tell(`all readers have left ${from.name} after ${(performance.now() - began).toFixed(0)} ms`);
  };

  try {
    await readFor('before');
    await until('all readers to be at the first edge', () => readers.at('edge-1') === count);
    const large = slowDownload(first, LARGE_BYTES);
    await moved(first, () => cluster.skerry('edge', 'drain', 'edge-1'));
    expect((await readiness(first)) === '503 drained', 'a drained edge is not ready');
    await readFor('drained');
    expect(readers.at('edge-1') === 0, 'readers stay away');
    expect(await large(), 'a download that had begun ends well');

    if (!isQuick) {
      await cluster.client.putSite(SITE, { policy: { mode: 'sync' } });
      await writeTree(tree, { ...files, 'large.bin': 'y', 'new.css': 'new {}' });
      const sync = await cluster.skerry('publish', tree, '--site', SITE, '--json');
      const edges = sync.code === 0 ? (JSON.parse(sync.stdout) as { edges: { edge: string }[] }).edges : [];
      expect(
        edges.map(({ edge }) => edge).join() === 'edge-2',
        `a sync publish counts on the others: ${sync.stdout}${sync.stderr}`,
      );

      await cluster.origin.stop();
      await first.stop();
      await first.start();
      expect(
        (await readiness(first)) === '503 drained',
        'it stays drained after a restart without its origin',
      );
      expect((await connectionOf(first)) === 'close', 'and ends connections');
      await cluster.origin.start();
    }
    await cluster.skerry('edge', 'undrain', 'edge-1');
    await until('the edge to be ready again', async () => (await readiness(first)) === '200 ready');
    expect((await connectionOf(first)) === 'keep-alive', 'an edge that is back keeps connections');
    await balancer.look();
    await moved(second, () => cluster.skerry('edge', 'drain', 'edge-2'));
    await readFor('back');
    await cluster.skerry('edge', 'undrain', 'edge-2');
    await readers.stop();
    tell(`${readers.answered} answers, ${readers.failures.length} failed, ${readers.repeated} repeated`);
    return [...faults, ...readers.failures.slice(0, 20)];
  } finally {
    await readers.stop();
    balancer.close();
  }
}

interface Balanced {
  readonly node: Node;
  readonly target: Target;
}

/** Sends readers to the first edge that is ready. */
class Balancer {
  readonly #all: readonly Balanced[];
  readonly #timer: NodeJS.Timeout;
  #ready: readonly Balanced[] = [];

  constructor(all: readonly Balanced[]) {
    this.#all = all;
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
  }

  async look(): Promise<void> {
    const ready = await Promise.all(
      this.#all.map(async ({ node }) => (await readiness(node).catch(() => '')) === '200 ready'),
    );
    this.#ready = this.#all.filter((_, i) => ready[i]);
  }

  choose(): Target {
    const [first] = this.#ready.length > 0 ? this.#ready : this.#all;
    if (first === undefined) throw new Error('there is no edge');
    return first.target;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function readiness(node: Node): Promise<string> {
  const response = await fetch(`${node.adminUrl}/readyz`);
  const { status } = (await response.json()) as { status: string };
  return `${response.status} ${status}`;
}

function connectionOf(node: Node): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const headers = { host: `${SITE}.localhost`, connection: 'keep-alive' };
  request(`${node.url}/f1.css`, { headers }, (response) => {
    response.resume();
    resolve(response.headers.connection);
  })
    .once('error', reject)
    .end();
  return promise;
}

/** Begins a download and reads no further. The returned function reads the rest, and tells whether all has come. */
function slowDownload(node: Node, bytes: number): () => Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
  const headers = { host: `${SITE}.localhost` };
  request(`${node.url}/large.bin`, { headers }, resolve).once('error', reject).end();
  return async () => {
    let read = 0;
    for await (const piece of await promise) read += (piece as Buffer).length;
    return read === bytes;
  };
}
