interface Desk {
  /** Whether a person sees the output. */
  readonly isTerminal: boolean;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether a browser could appear in front of the person who called the command. */
export function hasBrowser({ isTerminal, platform, env }: Desk): boolean {
  if (!isTerminal || env.SSH_CONNECTION) return false;
  return platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Opens an address in the browser of the person, if there is one. The command goes on if that fails. */
export async function openInBrowser(url: string): Promise<void> {
  const { platform, env, stdout } = process;
  if (!hasBrowser({ isTerminal: stdout.isTTY, platform, env })) return;
  const { default: open } = await import('open');
  // The address is on the screen, so a person without a browser can copy it.
  await open(url).catch(() => undefined);
}
