import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../../helpers/cli.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { read } from '../../helpers/http.ts';
import { childrenOf } from '../../helpers/process-tree.ts';
import { type Ended, type Running, start } from '../../helpers/processes.ts';
import { writeTree } from '../../helpers/tree.ts';
import { SITE } from './target.ts';

const READY = /(listens|serves) on \S+/;

/** An origin and a parent that speak TLS, as they do beyond loopback, with the default limits. */
export interface SecureTarget {
  readonly folder: string;
  /** The data folder of the origin. */
  readonly data: string;
  readonly originUrl: string;
  readonly feedUrl: string;
  readonly edgeUrl: string;
  /** Their processes, those that serve included. */
  readonly pids: readonly number[];
  /** Runs the CLI with the admin token. */
  skerry(...args: string[]): Promise<Ended>;
  joinToken(edge: string): Promise<string>;
  /** The arguments of an edge that joins through this address. */
  joining(edge: string, token: string, url: string): Promise<string[]>;
  /** Publishes something new, and resolves with what is wrong at the edge after it. */
  publishFault(): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function startSecureTarget(): Promise<SecureTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
  const [originPort = 0, port = 0, adminPort = 0, feedPort = 0] = await freePorts(4);
  const data = join(folder, 'origin');
  const originUrl = `https://127.0.0.1:${originPort}`;
  const running: Running[] = [];
  const role = async (...args: string[]) => {
    running.push(await start(args, READY));
  };
  await role('origin', '--data', data, '--host', '0.0.0.0', '--port', `${originPort}`);
  const environment = {
    SKERRY_ORIGIN: originUrl,
    SKERRY_TOKEN: (await readFile(join(data, 'admin-token'), 'utf8')).trim(),
  };
  const skerry = (...args: string[]) => cli(args, environment);
  const joinToken = async (edge: string) => {
    const { code, stdout, stderr } = await skerry('token', 'create', '--scope', 'join', '--edge', edge);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const edge = (name: string, token: string, url: string) => [
    ...['edge', '--data', join(folder, name), '--origin', url, '--join', token],
    ...['--name', name, '--region', 'r'],
  ];
  await role(
    ...edge('paris', await joinToken('paris'), originUrl),
    ...['--host', '0.0.0.0', '--port', `${port}`, '--admin-port', `${adminPort}`],
    ...['--feed-port', `${feedPort}`],
  );
  const edgeUrl = `http://127.0.0.1:${port}`;
  const roles = running.map(({ pid }) => pid);
  const serving = await Promise.all(roles.map(childrenOf));
  let published = 0;
  return {
    ...{ folder, data, originUrl, edgeUrl, skerry, joinToken },
    feedUrl: `https://127.0.0.1:${feedPort}`,
    pids: [...roles, ...serving.flat()],
    async joining(name, token, url) {
      const [own = 0, admin = 0] = await freePorts(2);
      return [...edge(name, token, url), '--port', `${own}`, '--admin-port', `${admin}`];
    },
    async publishFault() {
      const text = `text ${++published}`;
      const tree = await writeTree(join(folder, SITE), { 'index.html': text });
      const { code, stderr } = await skerry('publish', tree, '--site', SITE, '--wait');
      if (code !== 0) return stderr;
      const shown = (await read(edgeUrl, SITE, 'index.html')).body.toString();
      return shown === text ? undefined : `the edge shows ${shown}`;
    },
    async close() {
      await Promise.all(running.map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
