import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** The time that a test file took, including all processes that it started and waited for. */
export interface Spent {
  readonly file: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Each test file of a run adds its line to the file that this variable names; see test/timed.script.ts. */
export const SPENT_FILE = 'SKERRY_TEST_SPENT';

const { [SPENT_FILE]: place } = process.env;
const [, main = ''] = process.argv;

if (isMainThread && place !== undefined && main.endsWith('.test.ts'))
  process.on('exit', () => {
    const spent: Spent = {
      file: relative(process.cwd(), main),
      seconds: performance.now() / 1000,
      cpuSeconds: cpuSeconds(),
    };
    appendFileSync(place, `${JSON.stringify(spent)}\n`);
  });

const TICKS_PER_SECOND = 100;

/**
 * The user and system time of this process and of its children that have ended. Where the system does not report that,
 * the time of this process alone.
 */
export function cpuSeconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}
