import { cacheStatus } from '../http/cache-status.ts';
import { REVALIDATE } from '../http/headers.ts';

/**
 * The fields that nearly all prepared responses have. The first response of a connection that has all of them puts them
 * into the client's dynamic table, in this order. Nothing else is put there, so their indices are the same on each
 * connection, and header blocks that use them can be prepared. A field without a value here is known by its name.
 */
export const COMMON_FIELDS: readonly (readonly [name: string, value: string | undefined])[] = [
  ['skerry-revision', undefined],
  ['x-content-type-options', 'nosniff'],
  ['cache-control', REVALIDATE],
  ['accept-ranges', 'bytes'],
  ['cache-status', cacheStatus({ kind: 'hit', tier: 'memory' })],
];

/** Whether a response can put all common fields into the table. */
export function hasCommonFields(headers: Readonly<Record<string, string>>): boolean {
  return COMMON_FIELDS.every(([name, value]) =>
    value === undefined ? headers[name] !== undefined : headers[name] === value,
  );
}
