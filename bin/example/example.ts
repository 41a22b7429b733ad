import { join, resolve } from 'node:path';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Commit, Status } from '../../shared/wire/api.ts';
import { type CountedLine, openCountedLine } from './counted-line.ts';
import { type Facts, layOutExample } from './example-files.ts';
import { type ExampleStatus, exampleStatus } from './example-status.ts';
import { LastSave } from './last-save.ts';
import { serveStatus } from './status-server.ts';

/**
 * The name of the site and of its folder. `example.json`, next to the folder, lists the digests of the files that were
 * written to it.
 */
const NAME = 'example';
/** The minimum time between two requests to the origin, however many tabs are open. */
const FRESH_MS = 200;
/** The names under which a browser may reach an edge on loopback. */
const HOSTS = [`${NAME}.localhost`, 'localhost', '127.0.0.1'];

interface DevEdge {
  readonly name: string;
  readonly region: string;
  readonly port: number;
}

export interface ExampleParts {
  /** The files as they are shipped. */
  readonly source: string;
  /** The data folder of `skerry dev`. */
  readonly data: string;
  readonly originPort: number;
  /** The port on which the status is served. */
  readonly port: number;
  readonly edges: readonly DevEdge[];
  readonly clock: Clock;
}

/** The example site while it runs: its folder, and the data that its page shows. */
export interface Example {
  /** The user may edit this folder. */
  readonly folder: string;
  readonly statusUrl: string;
  /** The address that this edge uses in place of the origin's, so that the bytes between the two are counted. */
  originFor(edge: string): string;
  /**
   * Starts requesting the status from the origin. Returns a function that must be called for each commit of a change.
   */
  follow(client: ApiClient): (commit: Commit) => void;
  close(): Promise<void>;
}

export async function openExample(parts: ExampleParts): Promise<Example> {
  const { data, source, port, originPort, edges, clock } = parts;
  const folder = join(data, NAME);
  const shown = edges.map((edge) => ({ ...edge, url: `http://${NAME}.localhost:${edge.port}/` }));
  const ended = new AbortController();
  const lines = new Map<string, CountedLine>();
  let status = async (): Promise<ExampleStatus> => {
    throw new SkerryError('unavailable', 'the origin is starting');
  };
  const pages = new Set(edges.flatMap((edge) => HOSTS.map((host) => `http://${host}:${edge.port}`)));
  const server = await serveStatus({ port, pages, status: () => status() });
  const close = async () => {
    ended.abort();
    await Promise.all([server, ...lines.values()].map((open) => open.close()));
  };
  try {
    await layOutExample(
      { source, folder, written: join(data, `${NAME}.json`) },
      factsOf(folder, server.url, shown),
    );
    for (const { name } of edges) lines.set(name, await openCountedLine(originPort, clock));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    folder,
    statusUrl: server.url,
    originFor(edge) {
      const line = lines.get(edge);
      if (line === undefined)
        throw new SkerryError('internal', `there is no counted line for the edge ${edge}`);
      return line.url;
    },
    follow(client) {
      const counted = new Map([...lines].map(([edge, { bytes }]) => [edge, bytes]));
      const { signal } = ended;
      const lastSave = new LastSave({ client, site: NAME, folder, lines: counted, clock, signal });
      const asked = asSeldom(() => client.status(), clock);
      status = async () => exampleStatus(NAME, shown, await asked(), lastSave.save);
      return (commit) => lastSave.committed(commit);
    },
    close,
  };
}

function factsOf(folder: string, status: string, edges: readonly (DevEdge & { url: string })[]): Facts {
  const ofEdges = edges.flatMap(({ name, region, port, url }) => [
    [`${name}.region`, region],
    [`${name}.port`, String(port)],
    [`${name}.url`, url],
  ]);
  return {
    file: resolve(folder, 'index.html'),
    status,
    'status.origin': new URL(status).origin,
    ...Object.fromEntries(ofEdges),
  };
}

/** Returns a function that calls `ask`, but at most once in `FRESH_MS`. In between, callers get the last answer. */
function asSeldom(ask: () => Promise<Status>, clock: Clock): () => Promise<Status> {
  let last: { readonly at: number; readonly answer: Promise<Status> } | undefined;
  return () => {
    const at = clock.monotonic();
    if (last === undefined || at - last.at >= FRESH_MS) last = { at, answer: ask() };
    return last.answer;
  };
}
