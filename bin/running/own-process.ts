/**
 * Makes all new files of this process and its children readable only by their owner, whatever umask it was started
 * with.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/**
 * Announces that an origin or an edge is ready. Prints a line for people, and informs systemd or the parent process if
 * either waits for this. `signal` must abort when the process is asked to stop.
 */
export function announce(line: string, signal: AbortSignal): void {
  process.stdout.write(`${line}\n`);
  process.send?.('listening');
  if (process.env.NOTIFY_SOCKET !== undefined) void informSystemd(signal);
}

/** Only a process that systemd has started loads this module. */
async function informSystemd(signal: AbortSignal): Promise<void> {
  const systemd = await import('./systemd.ts');
  await systemd.informSystemd(signal);
}
