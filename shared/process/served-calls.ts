import { type PlainError, toPlainError } from '../errors.ts';
import { collectGarbage } from './idle-memory.ts';

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A call that every thread answers by itself. */
export const COLLECT_GARBAGE: Call = { method: ' collect garbage', args: [] };

export type Answer = { readonly ok: unknown } | { readonly error: PlainError };

/** The worker module's default export: calls the method and turns its errors into plain data. */
export function serveCalls(target: object): (call: Call) => Promise<Answer> {
  return async ({ method, args }) => {
    try {
      if (method === COLLECT_GARBAGE.method) return { ok: collectGarbage() };
      const run: unknown = Reflect.get(target, method);
      if (typeof run !== 'function') throw new TypeError(`no method ${method}`);
      return { ok: await run.apply(target, args) };
    } catch (error) {
      return { error: toPlainError(error) };
    }
  };
}

/**
 * Like `serveCalls`, for an object that must be opened first. If opening fails, each call throws the reason, and there
 * is nothing to close.
 */
export function serveOpened(open: () => object): (call: Call) => Promise<Answer> {
  try {
    return serveCalls(open());
  } catch (error) {
    const why = toPlainError(error);
    return async ({ method }) => (method === 'close' ? { ok: undefined } : { error: why });
  }
}
