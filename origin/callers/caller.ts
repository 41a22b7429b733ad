import { AsyncLocalStorage } from 'node:async_hooks';

/** The caller of a request. Its name is the address, and the scope of its token once the caller has proved it. */
export interface Caller {
  name: string;
  readonly address?: string;
  /** Set when the caller has proved that it holds the token. The secret is not kept. */
  token?: { readonly id: string; readonly scope: string };
  /**
   * The response waits for this promise, which resolves when the act of the caller is in the audit trail. It never
   * rejects.
   */
  noted?: Promise<void>;
}

export const caller = new AsyncLocalStorage<Caller>();

/** The id of the token that the current caller has proved to hold. Only for routes that ask for a token. */
export function provenToken(): string {
  const id = caller.getStore()?.token?.id;
  if (id === undefined) throw new TypeError('the route asks for no token');
  return id;
}

/** Notes that the current caller has proved that it holds the token. */
export function noteToken({ id, scope }: NonNullable<Caller['token']>): void {
  const known = caller.getStore();
  if (known === undefined) return;
  known.name = scope;
  known.token = { id, scope };
}
