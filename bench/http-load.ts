import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** The core that the load generator is pinned to. */
  readonly core: number;
}

export interface Measured {
  readonly requestsPerSecond: number;
  /** Of bodies and heads. */
  readonly bytesPerSecond: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Requests with keep-alive as fast as they are answered; throws when any is answered otherwise than by 200. */
export async function wrk({ url, headers, connections, seconds, core }: Load): Promise<Measured> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('taskset', [
    ...['-c', String(core), 'wrk', '--latency', '-t', '1', '-c', String(connections), '-d', `${seconds}s`],
    ...[...fields, url],
  ]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`requests failed:\n${stdout}`);
  return {
    requestsPerSecond: Number(figure(stdout, /Requests\/sec:\s+([\d.]+)/)),
    bytesPerSecond: bytes(figure(stdout, /Transfer\/sec:\s+([\d.]+\w+)/)),
    p50: duration(figure(stdout, /^\s+50%\s+([\d.]+\w+)$/m)),
    p99: duration(figure(stdout, /^\s+99%\s+([\d.]+\w+)$/m)),
  };
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
