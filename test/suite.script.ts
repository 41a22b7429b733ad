/**
 * Runs the test files that .taprc names, several at a time, and writes TAP. `tap` could do it. But it makes each of its
 * processes record all modules that it loads, which takes up to two CPU seconds a file.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';

interface TapConfig {
  readonly include: readonly string[];
  readonly jobs: number;
  readonly timeout: number;
  readonly 'node-arg': readonly string[];
}

const config = parse(readFileSync('.taprc', 'utf8')) as TapConfig;
/** The unit tests, which take longest, come first, so that no long file is left alone at the end. */
const files = config.include
  .flatMap((pattern) => globSync(pattern))
  .sort()
  .reverse();
// t.spawn adds an option that makes the process record its modules. The command `env` takes it away.
const environment = [`NODE_OPTIONS=${process.env.NODE_OPTIONS ?? ''}`, `TAP_TIMEOUT=${config.timeout}`];
/** The process groups of the test files that run. */
const running = new Set<number>();

t.jobs = config.jobs;
t.setTimeout(0);
// Each file leads a process group, so that what it started ends with it, even when a time-out ends the file.
t.on('spawn', (subtest: EventEmitter) => {
  subtest.once('preprocess', (options: SpawnOptions) => {
    options.detached = true;
  });
  subtest.once('process', (leader: ChildProcess) => {
    const group = leader.pid;
    if (group === undefined) return;
    running.add(group);
    leader.once('exit', () => {
      running.delete(group);
      signalGroup(group, 'SIGKILL');
    });
  });
});
for (const file of files) {
  const args = [...environment, process.execPath, ...config['node-arg'], file];
  void t.spawn('env', args, { buffered: true, timeout: config.timeout * 1000 }, file);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const group of running) signalGroup(group, signal);
    process.exit(1);
  });

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nothing of the group is left.
  }
}
