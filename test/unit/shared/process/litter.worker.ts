import { getHeapStatistics } from 'node:v8';
import { serveCalls } from '../../../../shared/process/served-calls.ts';

const calls = {
  /** Fills an array and drops it. Returns how much memory the heap uses meanwhile. */
  litter(length: number): { length: number; used: number } {
    const dropped = Array.from({ length }, (_, i) => i);
    return { used: calls.used(), length: dropped.length };
  },
  used: (): number => getHeapStatistics().used_heap_size,
};

export type Litter = typeof calls;

export default serveCalls(calls);
