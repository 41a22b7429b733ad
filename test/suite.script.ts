/**
 * Runs the test files that .taprc names, several at a time, and writes TAP. `tap` could do it. But it makes each of its
 * processes record all modules that it loads, which takes up to two CPU seconds a file.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
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
const running = new Set<ChildProcess>();

t.jobs = config.jobs;
t.setTimeout(0);
// Each file has its own process group. When it ends or is killed after its time, the processes that it has started and
// left behind end, too.
t.on('spawn', (subtest) => {
  subtest.on('preprocess', (options: SpawnOptions) => {
    options.detached = true;
  });
  subtest.on('process', (child: ChildProcess) => {
    running.add(child);
    child.once('exit', () => {
      running.delete(child);
      killGroup(child, 'SIGKILL');
    });
  });
});
for (const file of files) {
  const args = [...environment, process.execPath, ...config['node-arg'], file];
  t.spawn('env', args, { buffered: true, timeout: config.timeout * 1000 }, file);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const child of running) killGroup(child, signal);
    process.exit(1);
  });

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}
