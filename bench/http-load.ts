import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quantile } from './table.ts';

const run = promisify(execFile);

export interface Load {
  /** Several URLs are requested in turns, which only `h2load` can. */
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** The core on which the load generator runs. */
  readonly core: number;
  /** How many requests each connection has at the same time. Only HTTP/2 can have more than one. */
  readonly streams: number;
  /** Requests a second of all connections together. By default as many as are answered. Only `h2load` limits them. */
  readonly rate?: number | undefined;
}

export interface Measured {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Counts bodies and heads. */
  readonly bytesPerSecond: number;
  /** In milliseconds. Undefined if latencies were not measured. */
  readonly latencies: { readonly p50: number; readonly p99: number } | undefined;
}

/** The first requests of a run wait for the handshakes of other connections, so their latencies do not count. */
const HANDSHAKES_US = 500_000;

/** `wrk` does not count requests that take longer. Its 2 s are too few for large files on many connections. */
const TIMEOUT_S = 20;

/** Sends requests over keep-alive connections as fast as they are answered. Throws if any response is not 200. */
export async function wrk({
  urls: [url = ''],
  headers,
  connections,
  seconds,
  core,
}: Load): Promise<Measured> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('taskset', [
    ...['-c', String(core), 'wrk', '--latency', '-t', '1', '-c', String(connections), '-d', `${seconds}s`],
    ...['--timeout', `${TIMEOUT_S}s`, ...fields, url],
  ]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`requests failed:\n${stdout}`);
  return {
    requests: Number(figure(stdout, /(\d+) requests in/)),
    requestsPerSecond: Number(figure(stdout, /Requests\/sec:\s+([\d.]+)/)),
    bytesPerSecond: bytes(figure(stdout, /Transfer\/sec:\s+([\d.]+\w+)/)),
    latencies: {
      p50: duration(figure(stdout, /^\s+50%\s+([\d.]+\w+)\s*$/m)),
      p99: duration(figure(stdout, /^\s+99%\s+([\d.]+\w+)\s*$/m)),
    },
  };
}

/**
 * Does the same over HTTP/2. Latencies are measured only at a constant rate, because `h2load` then writes a line for
 * each request, which costs a busy load generator a quarter of its time. Overwrites files in `folder`.
 */
export async function h2load(
  { urls, headers, connections, seconds, core, streams, rate }: Load,
  folder: string,
): Promise<Measured> {
  const logFile = join(folder, 'h2load.log');
  const urlFile = join(folder, 'h2load.urls');
  await writeFile(urlFile, `${urls.join('\n')}\n`);
  const { Host: authority, Connection: _connection, ...others } = headers;
  const fields = Object.entries({ ':authority': authority, ...others }).flatMap(([name, value]) => [
    ...['-H', `${name.toLowerCase()}: ${value}`],
  ]);
  await rm(logFile, { force: true });
  const { stdout } = await run('taskset', [
    ...['-c', String(core), 'h2load', '-t', '1', '-c', String(connections), '-m', String(streams)],
    ...(rate === undefined ? [] : ['--rps', String(rate / connections), `--log-file=${logFile}`]),
    ...['-D', String(seconds), ...fields, '-i', urlFile],
  ]);
  const failed = Number(figure(stdout, /(\d+) failed/)) + Number(figure(stdout, /(\d+) 4xx/));
  if (failed > 0 || Number(figure(stdout, /(\d+) 5xx/)) > 0) throw new Error(`requests failed:\n${stdout}`);
  const [, requests = '', transferred = ''] = /([\d.]+) req\/s, ([\d.]+\w+)\/s/.exec(stdout) ?? [];
  return {
    requests: Number(figure(stdout, /(\d+) succeeded/)),
    requestsPerSecond: Number(requests),
    bytesPerSecond: bytes(transferred),
    latencies: rate === undefined ? undefined : latenciesIn(await readFile(logFile, 'utf8')),
  };
}

/** Each line has the start of a request, its status and its duration, in microseconds. */
function latenciesIn(log: string): Measured['latencies'] {
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').map(Number));
  const began = Math.min(...lines.slice(0, 1000).map(([start = 0]) => start));
  const durations = lines
    .filter(([start = 0]) => start - began > HANDSHAKES_US)
    .map(([, , duration = 0]) => duration / 1000);
  return { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
}

export async function pin(pids: readonly number[], core: number): Promise<void> {
  for (const pid of pids) await run('taskset', ['-acp', String(core), String(pid)]);
}

function figure(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern} in:\n${text}`);
  return found;
}

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  const [, number, unit = ''] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined) throw new Error(`what is ${text}?`);
  return Number(number) * factor;
}

const bytes = (text: string) => scaled(text, { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 });
const duration = (text: string) => scaled(text, { us: 1e-3, ms: 1, s: 1000 });
