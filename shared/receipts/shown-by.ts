import type { LogRecord } from '../log/record.ts';
import { payloads } from '../log/record-kinds.ts';

/** What an edge shows when it has carried out a record. */
export interface ShownBy {
  readonly revision: number;
  readonly root: string;
}

/**
 * The revision that receipts of a record name. Undefined if no edge shows anything because of it, or if its payload was
 * changed so that nobody can read it.
 */
export function shownBy({ kind, revision, root, payload }: LogRecord): ShownBy | undefined {
  if (kind === 'activate' || kind === 'rollout') return root === null ? undefined : { revision, root };
  return kind === 'abort' ? shownAgain(payload) : undefined;
}

function shownAgain(payload: string): ShownBy | undefined {
  try {
    return payloads.abort.parseText(payload).shows;
  } catch {
    return undefined;
  }
}
