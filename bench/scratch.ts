import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one run, and what is to be ended before the folder is removed. */
export interface Scratch {
  readonly folder: string;
  /** Ended in the reverse order. */
  defer(end: () => unknown): void;
}

const open: AsyncDisposableStack[] = [];
let interrupted: Promise<void> | undefined;

/** Leaves neither processes nor files behind, however the run ends: done, thrown or interrupted. */
export async function withScratch<T>(
  run: (scratch: Scratch) => Promise<T>,
  parent: string = tmpdir(),
): Promise<T> {
  const folder = await mkdtemp(join(parent, 'skerry-bench-'));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  open.push(stack);
  if (open.length === 1) process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await run({ folder, defer: (end) => stack.defer(async () => void (await end())) });
  } finally {
    // What was under way fails when it is ended; the process must not exit by that before all is ended.
    await interrupted;
    await stack.disposeAsync();
    open.splice(open.indexOf(stack), 1);
    if (open.length === 0) process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function interrupt(): void {
  interrupted ??= (async () => {
    for (const stack of open.toReversed()) await stack.disposeAsync();
    process.exit(130);
  })();
}
