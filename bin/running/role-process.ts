import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../../shared/errors.ts';
import { AlreadyExplained } from '../terminal/report-error.ts';
import processFlags from './process-flags.json' with { type: 'json' };

const STOP_MS = 12_000;
/** All processes share this setting. */
const LOG_LEVEL = 'SKERRY_LOG';
/** `skerry dev` prints its own lines, so its roles do not log each publish. */
const QUIET = { [LOG_LEVEL]: 'warn' };

/** A role that runs as a child of `skerry dev`; it ends when its parent does, however that happens. */
export interface Role {
  /** Resolves when it has said that it listens; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Rejects when the role ends without having been stopped. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** What others on the machine should not see goes into its environment, not into its arguments. */
export function startRole(
  name: string,
  role: keyof typeof processFlags,
  args: readonly string[],
  secrets: Readonly<Record<string, string>> = {},
): Role {
  const { flags, environment } = processFlags[role];
  const entry = fileURLToPath(new URL('../launch.js', import.meta.url));
  // In a process group of its own: Ctrl-C reaches the parent alone, which stops its roles in order.
  const child = fork(entry, [role, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
    execArgv: flags,
    env: { ...environment, ...QUIET, ...withoutSettings(process.env), ...secrets },
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let isStopping = false;
  const failed = exited.then(([code, killer]) => {
    if (isStopping) return new Promise<never>(() => {});
    // A role that exits by itself has already explained why on stderr.
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
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** What a role and its processes write is for its owner alone, whatever the umask they were started with. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** What a role says when it is ready: a line for people, and a message for a parent that waits. */
export function announce(line: string): void {
  process.stdout.write(`${line}\n`);
  process.send?.('listening');
}

/** Settings of the command that starts a role are not the role's: a token or a host would reach all of them. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('SKERRY_') || name === LOG_LEVEL,
  );
  return Object.fromEntries(kept);
}
