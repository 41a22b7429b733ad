import { readFile } from 'node:fs/promises';
import { childrenOf } from '../test/helpers/process-tree.ts';

/** The memory of a process and of all processes that it started, in bytes. Shared pages count proportionally (PSS). */
export async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} tells no PSS`);
  let sum = Number(kilobytes) * 1024;
  for (const child of await childrenOf(pid)) sum += await proportionalBytes(child);
  return sum;
}
