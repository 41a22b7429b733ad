import type { Value } from './dynamic-value.ts';

/** Reads parts of a value whose types the schema has checked. */

export function text(value: Value | undefined): string {
  if (typeof value !== 'string') throw new TypeError('the value is not a text');
  return value;
}

export function textOrNull(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}

export function numberOrNull(value: Value | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

export function texts(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

export function textsOrNull(value: Value | undefined): string[] | null {
  return Array.isArray(value) ? value.map(text) : null;
}
