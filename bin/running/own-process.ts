/** What a role and its processes write is for its owner alone, whatever the umask they were started with. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** What a role says when it is ready: a line for people, and a message for a parent that waits. */
export function announce(line: string): void {
  process.stdout.write(`${line}\n`);
  process.send?.('listening');
}
