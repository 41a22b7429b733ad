import { AsyncLocalStorage } from 'node:async_hooks';

interface Output {
  write(text: string): unknown;
}

interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
}

const given = new AsyncLocalStorage<Streams>();

/** The streams to which a command prints. They are those of the process, unless `printingOn` has set others. */
export function streams(): Streams {
  return given.getStore() ?? process;
}

/** Runs commands that print to other streams. */
export function printingOn<T>(streams: Streams, run: () => T): T {
  return given.run(streams, run);
}
