import type { Event } from '../../shared/wire/event.ts';
import { firstLine } from './output.ts';

const MOST = 200;

/** Says in a few words who or what caused the event. */
export function causeOf({ cause }: Event): string {
  if (typeof cause === 'string') return firstLine(cause);
  const { token, scope, address } = cause;
  const who = token === undefined ? '' : `token ${token}${scope === undefined ? '' : ` (${scope})`}`;
  return [who, address === undefined ? '' : `from ${address}`].filter((part) => part !== '').join(' ');
}

/** The details as `name=value`, cut to a line. */
export function detailsOf({ task, what }: Event): string {
  const details = Object.entries({ ...(task !== undefined && { task }), ...what });
  const text = details
    .map(([name, value]) => `${name}=${typeof value === 'string' ? firstLine(value) : JSON.stringify(value)}`)
    .join(' ');
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}
