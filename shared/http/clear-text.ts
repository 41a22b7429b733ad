import { SkerryError } from '../errors.ts';
import { isLoopback } from './loopback.ts';

/** Throws `clear-text` if data that is sent to this URL would leave this machine without TLS. */
export function refuseClearText(url: string, what: string): void {
  const { protocol, hostname, origin } = new URL(url);
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return;
  throw new SkerryError('clear-text', `${what} would be sent unencrypted to ${origin}`);
}
