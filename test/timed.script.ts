/** `npm test`: runs tap as it is set up in .taprc, then prints what the run and its slowest files took. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, SPENT_FILE, type Spent } from './helpers/spent.ts';

const SHOWN = 10;

const folder = await mkdtemp(join(tmpdir(), 'skerry-spent-'));
const file = join(folder, 'spent');
try {
  const tap = spawn('tap', process.argv.slice(2), {
    stdio: 'inherit',
    env: { ...process.env, [SPENT_FILE]: file },
  });
  const [code] = (await once(tap, 'close')) as [number | null];
  process.exitCode = code ?? 1;
  printTable(await spentIn(file));
} finally {
  await rm(folder, { recursive: true });
}

async function spentIn(file: string): Promise<Spent[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Spent);
}

function printTable(files: readonly Spent[]): void {
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
  console.log('\n# the slowest files\n#  seconds      cpu');
  for (const { file, seconds, cpuSeconds } of slowest)
    console.log(`# ${cell(seconds)} ${cell(cpuSeconds)}  ${file}`);
  console.log(`# ${cell(performance.now() / 1000)} ${cell(cpuSeconds())}  all ${files.length} files`);
}

function cell(seconds: number): string {
  return seconds.toFixed(1).padStart(8);
}
