/**
 * `npm test`: runs all test files, then prints what the run and its slowest files took. With arguments, it runs tap with
 * these.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, SPENT_FILE, type Spent } from './helpers/spent.ts';

const SHOWN = 10;
/** What a file system in memory must have free to take what tests write. */
const ROOM_BYTES = 4e9;

const scratch = mkdtempSync(join(placeForScratch(), 'skerry-test-'));
try {
  const file = join(scratch, 'spent');
  const env = { ...process.env, TMPDIR: scratch, [SPENT_FILE]: file };
  const given = process.argv.slice(2);
  const tap =
    given.length > 0
      ? spawn('tap', given, { stdio: 'inherit', env })
      : spawn(process.execPath, [join(import.meta.dirname, 'suite.script.ts')], { stdio: 'inherit', env });
  // It ends by them, too, and what it wrote is removed then.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tap.kill(signal));
  const [code] = (await once(tap, 'close')) as [number | null];
  process.exitCode = code ?? 1;
  print(spentIn(file));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Most tests wait for the disk and ask nothing of it; those that do choose a folder for themselves. */
function placeForScratch(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > ROOM_BYTES) return '/dev/shm';
  } catch {
    // There is none on this system.
  }
  return tmpdir();
}

function spentIn(file: string): Spent[] {
  // Nothing is there when a run was interrupted before any file had ended.
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Spent);
}

function print(files: readonly Spent[]): void {
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
  const row = (seconds: number, cpu: number, what: string) =>
    console.log(`# ${seconds.toFixed(1).padStart(7)} ${cpu.toFixed(1).padStart(7)}  ${what}`);
  console.log('\n# seconds     cpu  the slowest files');
  for (const { file, seconds, cpuSeconds } of slowest) row(seconds, cpuSeconds, file);
  row(performance.now() / 1000, cpuSeconds(), `in all, ${files.length} files`);
}
