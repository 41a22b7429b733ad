import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../../shared/errors.ts';
import { moduleUrl } from '../../shared/process/module-url.ts';
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

/** `input` is what the role reads when it comes to need it: nobody else on the machine sees it there. */
export function startRole(
  name: string,
  role: keyof typeof processFlags,
  args: readonly string[],
  input?: Promise<string>,
): Role {
  const { flags, environment } = processFlags[role];
  // What the launcher would do is done: it is the right Node, with the role's flags, and the compiled code is kept.
  const entry = fileURLToPath(moduleUrl('../skerry', import.meta.url));
  // In a process group of its own: Ctrl-C reaches the parent alone, which stops its roles in order.
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
      // One that never got what it waits for has nothing to end in order, and would complain.
      child.kill(waitsForInput ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Settings of the command that starts a role are not the role's: a token or a host would reach all of them. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('SKERRY_') || name === LOG_LEVEL,
  );
  return Object.fromEntries(kept);
}
