import { AsyncLocalStorage } from 'node:async_hooks';

interface Output {
  write(text: string): unknown;
}

interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
}

const given = new AsyncLocalStorage<Streams>();

/** Where a command prints: on the streams of the process, unless whoever runs it gives others. */
export function streams(): Streams {
  return given.getStore() ?? process;
}

/** Runs a command, or several side by side, that print elsewhere. */
export function printingOn<T>(streams: Streams, run: () => T): T {
  return given.run(streams, run);
}
