import type { Receipt } from '../../shared/log/receipt.ts';

/** The first receipt of an edge for a revision stays, until a later one covers something else. */
export function replaces(later: Receipt, kept: Receipt): boolean {
  return later.covers !== kept.covers && later.since > kept.since;
}
