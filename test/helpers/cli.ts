import { run } from '../../bin/run.ts';
import { printingOn } from '../../bin/terminal/streams.ts';
import type { Ended } from './processes.ts';

/** Runs a command of the CLI in this process. That takes a fiftieth of the time that a process takes to start. */
export async function cli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const into = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text;
    },
  });
  const { exitCode } = process;
  const umask = process.umask();
  const listeners = signalListeners();
  process.exitCode = undefined;
  try {
    const code = await printingOn({ stdout: into('stdout'), stderr: into('stderr') }, () =>
      started(args, env),
    );
    return { code: code || Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = exitCode;
    process.umask(umask);
    forgetOthers(listeners);
  }
}

/** A command reads its environment before it first waits, so several commands can run at the same time. */
function started(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('SKERRY_'));
  for (const [name] of own) delete process.env[name];
  Object.assign(process.env, env);
  try {
    return run(args);
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, Object.fromEntries(own));
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'disconnect'] as const;

function signalListeners() {
  return SIGNALS.map((signal) => [signal, new Set(process.listeners(signal as NodeJS.Signals))] as const);
}

/** Removes the signal listeners of a command, which it would keep until its process ends. */
function forgetOthers(before: ReturnType<typeof signalListeners>): void {
  for (const [signal, kept] of before)
    for (const listener of process.listeners(signal as NodeJS.Signals))
      if (!kept.has(listener)) process.off(signal, listener);
}
