import { AsyncLocalStorage } from 'node:async_hooks';

/** For whom the origin works: the address of a request, and its token's scope when that is known. */
export interface Caller {
  name: string;
  readonly address?: string;
  /** Of a caller who is known: never its secret. */
  token?: { readonly id: string; readonly scope: string };
}

export const caller = new AsyncLocalStorage<Caller>();

/** The present caller has proven to hold the token. */
export function holdsToken({ id, scope }: NonNullable<Caller['token']>): void {
  const known = caller.getStore();
  if (known === undefined) return;
  known.name = scope;
  known.token = { id, scope };
}
