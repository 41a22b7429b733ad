/**
 * Makes all new files of a role and its processes readable only by their owner, whatever umask they were started with.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/**
 * Announces that a role is ready: prints a line for people, and sends a message to a parent process that waits, or to
 * systemd. `signal` aborts when the role is to stop.
 */
export function announce(line: string, signal: AbortSignal): void {
  process.stdout.write(`${line}\n`);
  process.send?.('listening');
  if (process.env.NOTIFY_SOCKET !== undefined) void informSystemd(signal);
}

/** Few roles are started by systemd, so the others do not load this. */
async function informSystemd(signal: AbortSignal): Promise<void> {
  const systemd = await import('./systemd.ts');
  await systemd.informSystemd(signal);
}
