import { readdir, readFile } from 'node:fs/promises';

/** Bytes of a process and of all that it started, shared pages by their share (PSS). */
export async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} tells no PSS`);
  let sum = Number(kilobytes) * 1024;
  for (const child of await childrenOf(pid)) sum += await proportionalBytes(child);
  return sum;
}

/** The kernel lists children by the thread that started them. */
async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '');
    found.push(...text.split(' ').filter(Boolean).map(Number));
  }
  return found;
}
