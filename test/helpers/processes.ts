import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import processFlags from '../../bin/running/process-flags.json' with { type: 'json' };
import { joined } from './joined.ts';

const LAUNCHER = join(import.meta.dirname, '../../bin/launch.js');
const NO_ROLE = { flags: [], environment: {} };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the CLI to its end. */
export function skerry(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return begin(args, options).ended;
}

/** A command of the CLI that runs to its end unless it is killed. */
export interface Begun {
  readonly ended: Promise<Ended>;
  /** Sends SIGKILL. */
  kill(): void;
}

export function begin(args: readonly string[], options: RunOptions = {}): Begun {
  const child = launch(args, options);
  const output = collect(child);
  return {
    ended: once(child, 'close').then(([code]) => ({ code, ...output() })),
    kill: () => void child.kill('SIGKILL'),
  };
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Runs the sources instead of the joined modules, so that `env` can replace some of them. */
  readonly fromSources?: boolean;
}

/** A role or another command that keeps running, as a real process. */
export interface Running {
  readonly pid: number;
  /** The part of its output that matched when it was ready. */
  readonly ready: RegExpExecArray;
  output(): { stdout: string; stderr: string };
  /** Resolves with its exit code when the process and all that it started have ended. */
  readonly ended: Promise<number | null>;
  /** Sends SIGTERM, or the given signal. Resolves when the process and all that it started have ended. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Resolves when the output matches `ready`. Throws with the error output if the process ends before. */
export async function start(
  args: readonly string[],
  ready: RegExp,
  options: RunOptions = {},
): Promise<Running> {
  const child = launch(args, options);
  const output = collect(child);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = ready.exec(output().stdout);
      if (found) resolve(found);
    });
    closed.then(
      ([code]) => reject(new Error(`skerry ${args[0]} ended (${code}): ${output().stderr}`)),
      reject,
    );
  });
  return {
    pid: child.pid ?? 0,
    ready: match,
    output,
    ended: closed.then(([code]) => code),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      // The pipes close when the last process that holds them has ended, including the serving processes.
      const [code] = await closed;
      return code;
    },
  };
}

function launch(args: readonly string[], { cwd, env, fromSources = false }: RunOptions): ChildProcess {
  // This starts the command without the launcher where it can: this is the right Node, and it gets the flags of the
  // role. A process starts in half the time from joined modules, as in the package and in `skerry dev`.
  const [role = ''] = args;
  const { flags, environment } = role === 'origin' || role === 'edge' ? processFlags[role] : NO_ROLE;
  const entry = joined === undefined || fromSources ? [LAUNCHER] : [...flags, fileURLToPath(joined)];
  return spawn(process.execPath, [...entry, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...withoutOptions(process.env), ...environment, ...env },
  });
}

/** Leaves out what the test runner sets for its own processes and what a developer has set for Skerry. */
function withoutOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('SKERRY_')),
  );
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  const parts = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    parts.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    parts.stderr += text;
  });
  return () => parts;
}
