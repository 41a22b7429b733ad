import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../../shared/errors.ts';
import { moduleUrl } from '../../shared/process/module-url.ts';
import { AlreadyExplained } from '../terminal/report-error.ts';
import processFlags from './process-flags.json' with { type: 'json' };
import { SYSTEMD_VARIABLES } from './systemd.ts';

const STOP_MS = 12_000;
/** The environment variable for the log level of all processes. */
const LOG_LEVEL = 'SKERRY_LOG';
/** `skerry dev` prints its own lines, so its processes log only warnings and errors. */
const QUIET = { [LOG_LEVEL]: 'warn' };

/**
 * An origin or an edge that runs as a child process of `skerry dev`. It ends when its parent ends, for whatever reason.
 */
export interface Role {
  /** Resolves when the process announces that it is ready. Rejects if it ends before that. */
  readonly ready: Promise<void>;
  /** Rejects if the process ends without having been stopped. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Starts the process and writes `input` to its standard input. Unlike a command line, standard input cannot be read by
 * other users of the machine.
 */
export function startRole(
  name: string,
  role: keyof typeof processFlags,
  args: readonly string[],
  input?: Promise<string>,
): Role {
  const { flags, environment } = processFlags[role];
  // The child starts without the launcher, because this process already has the right Node, the child's flags and the
  // compiled code.
  const entry = fileURLToPath(moduleUrl('../skerry', import.meta.url));
  // The child gets a process group of its own, so Ctrl-C reaches only the parent, which then stops its children in
  // order.
  const child = fork(entry, [role, ...args], {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'inherit', 'ipc'],
    detached: true,
    execArgv: flags,
    env: { ...environment, ...QUIET, ...withoutSettings(process.env) },
  });
  let waitsForInput = input !== undefined;
  child.stdin?.on('error', () => {});
  input?.then(
    (text) => {
      waitsForInput = false;
      child.stdin?.end(text);
    },
    () => {},
  );
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let isStopping = false;
  const failed = exited.then(([code, killer]) => {
    if (isStopping) return new Promise<never>(() => {});
    // A process that exits with an error has already explained the error on stderr.
    if (code !== null && code !== 0) throw new AlreadyExplained();
    throw new SkerryError('unavailable', `${name} ended by itself (${killer ?? 'exit 0'})`);
  });
  failed.catch(() => {});
  const ready = Promise.race([once(child, 'message').then(() => {}), failed]);
  ready.catch(() => {});
  return {
    ready,
    failed,
    async stop() {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      // A process that still waits for its input needs no graceful stop, and would print an error.
      child.kill(waitsForInput ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Leaves out the settings of the parent command, because a token or a host among them would reach every child process.
 * Also leaves out the variables of systemd, because systemd waits for the parent and not for its children.
 */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => name === LOG_LEVEL || !(name.startsWith('SKERRY_') || SYSTEMD_VARIABLES.includes(name)),
  );
  return Object.fromEntries(kept);
}
