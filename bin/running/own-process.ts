/**
 * Makes all new files of a role and its processes readable only by their owner, whatever umask they were started with.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** Announces that a role is ready: prints a line for people, and sends a message to a parent process that waits. */
export function announce(line: string): void {
  process.stdout.write(`${line}\n`);
  process.send?.('listening');
}
