import { SkerryError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/http/loopback.ts';

/** Throws `clear-text` unless the token would travel over TLS or stay on this machine. */
export function refuseClearText(origin: string): void {
  const { protocol, hostname } = new URL(origin);
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return;
  throw new SkerryError('clear-text', `the token would be sent unencrypted to ${origin}`);
}
