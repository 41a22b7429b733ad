import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { cli } from './cli.ts';
import { freePorts } from './free-ports.ts';
import { read } from './http.ts';
import { start } from './processes.ts';
import { until } from './until.ts';

/** The admin ports of the edges are so far above their ports. */
export const ADMIN_OFFSET = 100;
const IS_LIVE = /revision (\d+) is live/;

/** `skerry dev` on ports of its own; edges take three in a row, admin ports as far above, and the status follows. */
export async function startDev(t: Test, ...dir: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-dev-'));
  const [port = 0, edgePort = 0] = await freePorts(1 + ADMIN_OFFSET + 4);
  const data = join(folder, 'data');
  const args = ['dev', ...dir, '--data', data, '--port', String(port), '--edge-port', String(edgePort)];
  const dev = await start(args, IS_LIVE);
  t.teardown(async () => {
    await dev.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const env = { SKERRY_ORIGIN: `http://127.0.0.1:${port}` };
  return {
    dev,
    data,
    edges: [0, 1, 2].map((i) => `http://127.0.0.1:${edgePort + i}`),
    statusUrl: `http://127.0.0.1:${edgePort + ADMIN_OFFSET + 3}`,
    skerry: (...command: string[]) => cli([...command, '--data', data], env),
  };
}

/** Resolves when all these edges show this content. */
export const shows = (edges: readonly string[], site: string, path: string, content: string) =>
  until(`${path} to be ${content}`, async () => {
    const answers = await Promise.all(edges.map((edge) => read(edge, site, path).catch(() => undefined)));
    return answers.every((answer) => answer?.status === 200 && answer.body.toString() === content);
  });
