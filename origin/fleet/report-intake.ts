import { type Digest, digestOf } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { PublicKey } from '../../shared/keys.ts';
import { type EdgeReport, type SignedReport, verifiedReport } from '../../shared/protocol.ts';
import { verifyPurgeReceipt } from '../../shared/purge.ts';
import { type Receipt, verifyReceipt } from '../../shared/receipt.ts';
import type { EdgeRecord } from './edge-record.ts';

export interface Verified {
  readonly edge: EdgeRecord;
  readonly report: EdgeReport;
  /** Of the report's text. */
  readonly digest: Digest;
}

/**
 * The reports of one request, each with the edge that signed it. What a parent relays and no edge signed is left out,
 * and so are strangers and the revoked, of whom it may not know yet: what one child makes up costs no other its
 * lease. Throws `no-such-edge` and `bad-request` for what is wrong with the sender's own.
 */
export function verifyReports(
  log: string,
  sender: string,
  reports: readonly SignedReport[],
  find: (name: string) => EdgeRecord | undefined,
): Verified[] {
  const [own, ...relayed] = reports;
  if (own?.edge !== sender) throw new SkerryError('bad-request', `the first report is not of ${sender}`);
  const others = relayed.flatMap((signed) => {
    try {
      return verified(log, signed, find(signed.edge));
    } catch (error) {
      if (error instanceof SkerryError) return [];
      throw error;
    }
  });
  return [verified(log, own, find(sender)), ...others];
}

function verified(log: string, signed: SignedReport, edge: EdgeRecord | undefined): Verified {
  if (edge === undefined || edge.row.revoked)
    throw new SkerryError('no-such-edge', `there is no edge ${signed.edge}`);
  const key = edge.row.publicKey as PublicKey;
  const report = verifiedReport(log, signed, key);
  for (const receipt of report.receipts) {
    if (receipt.edge !== signed.edge || receipt.log !== log || !verifyReceipt(receipt, key))
      throw new SkerryError('bad-request', `a receipt is not signed by ${signed.edge}, which reports it`);
  }
  for (const receipt of report.purges ?? []) {
    if (receipt.edge !== signed.edge || receipt.log !== log || !verifyPurgeReceipt(receipt, key))
      throw new SkerryError('bad-request', `a receipt is not signed by ${signed.edge}, which reports it`);
  }
  return { edge, report, digest: digestOf(signed.text) };
}

/** Those that are newer than all before of their edge; from here on they are the newest. */
export function freshReports(all: readonly Verified[]): Verified[] {
  return all.filter(({ edge, report }) => {
    const isFresh = report.time > edge.reportTime;
    if (isFresh) edge.reportTime = report.time;
    return isFresh;
  });
}

/** Receipts are durable when it resolves; of the rest only the newest report of each edge counts. */
export async function takeIn(
  store: (receipts: readonly Receipt[]) => Promise<readonly Receipt[]>,
  fresh: readonly Verified[],
  now: number,
): Promise<void> {
  const receipts = fresh.flatMap(({ report }) => report.receipts);
  const stored = receipts.length === 0 ? [] : await store(receipts);
  for (const { edge, report } of fresh) {
    edge.lastSeen = now;
    for (const receipt of stored) if (receipt.edge === edge.row.name) confirm(edge, receipt);
    // A newer one may have come in while the receipts were stored.
    if (edge.reportTime === report.time) edge.report = { ...report, receipts: [], purges: [] };
  }
}

function confirm({ confirmed }: EdgeRecord, { site, revision }: Receipt): void {
  confirmed.set(site, Math.max(revision, confirmed.get(site) ?? 0));
}
