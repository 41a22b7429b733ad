const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/**
 * One Ctrl-C may arrive twice: the terminal sends it to the launcher and its children, and the launcher passes it on.
 */
const SAME_MS = 500;

/** Aborts at SIGINT or SIGTERM, or when the parent process that has an IPC channel to this process ends. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const interrupted = () => {
    stop();
    // A second signal after this time ends the process at once, because the user does not want to wait.
    setTimeout(() => {
      for (const name of SIGNALS) process.off(name, interrupted);
    }, SAME_MS).unref();
  };
  for (const name of SIGNALS) process.on(name, interrupted);
  process.once('disconnect', stop);
  // The parent may have ended before this process listened for that.
  if (process.connected === false) stop();
  // The channel must not keep the process alive after all its work has stopped.
  process.channel?.unref();
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
