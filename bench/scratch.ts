import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The temporary folder of one run. At the end, it stops everything that the run started, and then removes the folder.
 */
export interface Scratch {
  readonly folder: string;
  /** Registers a function that ends something. At the end, these functions run in reverse order. */
  defer(end: () => unknown): void;
}

const open: AsyncDisposableStack[] = [];
let interrupted: Promise<void> | undefined;

/** Leaves neither processes nor files behind, whether the run completes, throws or is interrupted. */
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
    // Work that is stopped midway fails. This must not end the process before everything else has stopped.
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
