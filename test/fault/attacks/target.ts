import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../../shared/content/digest.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import { writeCertificate } from '../../helpers/certificates.ts';
import { type Cluster, type Node, startCluster } from '../../helpers/cluster.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { ask, read, sha256 } from '../../helpers/http.ts';
import { childrenOf } from '../../helpers/process-tree.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import type { Server } from './attack.ts';

export const SITE = 'www';
const large = Buffer.alloc(8 * 1024 * 1024, 'large');
export const LARGE = { path: 'large.bin', size: large.length, digest: digestOf(large) };
const FILES = { 'index.html': 'home', 'a.css': 'a {}', [LARGE.path]: large };
const CONVERGED_MS = 45_000;

/** An origin, a parent edge with a child, and a published site, with the default limits. */
export interface Target {
  readonly cluster: Cluster;
  readonly origin: Node;
  readonly parent: Node;
  readonly child: Node;
  /** The address of the origin's S3-compatible API. */
  readonly s3: string;
  /** The address at which the parent serves over TLS. */
  readonly secure: Server;
  /** This token may publish to SITE only. */
  readonly publishToken: string;
}

export async function startTarget(): Promise<Target> {
  const certs = await mkdtemp(join(tmpdir(), 'skerry-certs-'));
  await writeCertificate(join(certs, 'a'), ['elsewhere.example']);
  const [securePort = 0, s3Port = 0] = await freePorts(2);
  const ofParent = ['--tls-port', String(securePort), '--certs', certs];
  const cluster = await startCluster({
    edges: 2,
    originArgs: ['--s3-port', String(s3Port)],
    args: (index, feeds) =>
      index === 0 ? ['--feed-port', new URL(feeds[0] ?? '').port, ...ofParent] : ['--parent', feeds[0] ?? ''],
  });
  const [parent, child] = cluster.edges;
  if (parent === undefined || child === undefined) throw new Error('a cluster of two edges has two');
  const folder = await writeTree(join(cluster.folder, SITE), FILES);
  const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (published.code !== 0) throw new Error(published.stderr);
  const publishToken = (await cluster.client.createToken({ scope: `publish:${SITE}` })).token;
  const secure = { host: '127.0.0.1', port: securePort };
  return {
    cluster,
    origin: cluster.origin,
    parent,
    child,
    secure,
    publishToken,
    s3: `http://127.0.0.1:${s3Port}`,
  };
}

export function serverOf(url: string): Server {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
}

/** Every process of the target: roles and serving processes. */
export async function processesOf({ origin, parent, child }: Target): Promise<number[]> {
  const roles = [origin, parent, child].flatMap(({ running }) => (running ? [running.pid] : []));
  const serving = await Promise.all(roles.map((pid) => childrenOf(pid).catch(() => [])));
  return [...roles, ...serving.flat()].filter(isThere).sort((a, b) => a - b);
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

/** What an attack has destroyed. Empty when nothing. */
export async function lossesOf(target: Target, before: readonly number[]): Promise<string[]> {
  const losses: string[] = [];
  const now = new Set(await processesOf(target));
  const ended = before.filter((pid) => !now.has(pid));
  if (ended.length > 0) losses.push(`${ended.length} processes ended`);
  for (const [what, check] of Object.entries(CHECKS)) {
    const fault = await check(target).catch((error: unknown) => String(error));
    if (fault !== undefined) losses.push(`${what}: ${fault}`);
  }
  return losses;
}

const CHECKS: Readonly<Record<string, (target: Target) => Promise<string | undefined>>> = {
  served: async ({ parent, child }) => {
    for (const edge of [parent, child]) {
      for (const [path, content] of Object.entries(FILES)) {
        const { status, body } = await read(edge.url, SITE, path);
        if (status !== 200 || sha256(body) !== sha256(content)) return `${edge.name} ${path} ${status}`;
      }
    }
    return undefined;
  },
  log: async ({ cluster }) => {
    let next = 1;
    while (true) {
      const { records } = await cluster.client.log(next, 1000);
      for (const { seq } of records) if (seq !== next++) return `a gap before ${seq}`;
      if (records.length === 0) return next > 1 ? undefined : 'it is empty';
    }
  },
  replication: async ({ origin, cluster, parent, child, publishToken }) => {
    const content = `${Math.random()}`;
    const answer = await ask(origin.url, `/v1/sites/${SITE}/files/canary.txt`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${publishToken}`, 'content-type': 'application/octet-stream' },
      body: content,
    });
    if (answer.status >= 300) return `the origin answered ${answer.status}`;
    const { revision } = JSON.parse(answer.body.toString()) as Commit;
    const shows = async (url: string) => (await read(url, SITE, 'canary.txt')).body.toString() === content;
    await until(
      `edges to show revision ${revision} of ${cluster.folder}`,
      async () => (await shows(parent.url)) && (await shows(child.url)),
      CONVERGED_MS,
    );
    return undefined;
  },
};
