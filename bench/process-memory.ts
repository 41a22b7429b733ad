import { readFile } from 'node:fs/promises';
import { childrenOf } from '../test/helpers/process-tree.ts';

/** Bytes of a process and of all that it started, shared pages by their share (PSS). */
export async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} tells no PSS`);
  let sum = Number(kilobytes) * 1024;
  for (const child of await childrenOf(pid)) sum += await proportionalBytes(child);
  return sum;
}
