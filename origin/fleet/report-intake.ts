import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Receipt } from '../../shared/log/receipt.ts';
import type { Statement } from '../../shared/log/statements.ts';
import { newestOfEach } from '../../shared/reports/newest-reports.ts';
import type { ReportChecks } from '../../shared/reports/report-checks.ts';
import type { PublicKey } from '../../shared/signing/keys.ts';
import type { EdgeReport, SignedReport } from '../../shared/wire/protocol.ts';
import { type EdgeRecord, noteReport } from './edge-record.ts';

export interface Verified {
  readonly edge: EdgeRecord;
  readonly report: EdgeReport;
  /** The checked statements of the kinds that this version knows. */
  readonly statements: readonly Statement[];
  /** The digest of the report's text. */
  readonly digest: Digest;
}

/**
 * Verifies the reports of one request, and returns each with the edge that signed it. It leaves out a relayed report if
 * its signature is wrong, if its edge is unknown or revoked (the parent may not know that yet), or if its edge has
 * spent its budget. So a false report of one child does not cost another child its lease. Throws `no-such-edge` or
 * `bad-request` if the sender's own report is at fault, and `too-many-requests` if the sender sends too much.
 */
export async function verifyReports(
  checks: Pick<ReportChecks, 'of'>,
  sender: string,
  reports: readonly SignedReport[],
  find: (name: string) => EdgeRecord | undefined,
): Promise<Verified[]> {
  if (reports[0]?.edge !== sender)
    throw new SkerryError('bad-request', `the first report is not the report of ${sender}`);
  const claimed = reports.flatMap((signed) => {
    const edge = member(find, signed.edge);
    if (edge === undefined) return [];
    return [{ edge, signed, key: edge.row.publicKey as PublicKey, newest: edge.reportTime }];
  });
  if (claimed[0]?.signed !== reports[0]) throw new SkerryError('no-such-edge', `there is no edge ${sender}`);
  const checked = await checks.of(
    sender,
    claimed.map(({ signed, key, newest }) => ({ signed, key, newest })),
  );
  const own = checked[0];
  if (own !== undefined && 'refused' in own) throw new SkerryError('bad-request', own.refused);
  return claimed.flatMap(({ edge }, i) => {
    const one = checked[i];
    // An edge that was revoked during the check gets no grant.
    if (one === undefined || 'refused' in one || edge.row.revoked) return [];
    return [{ edge, report: one.report, statements: one.statements, digest: one.digest }];
  });
}

function member(find: (name: string) => EdgeRecord | undefined, name: string): EdgeRecord | undefined {
  const edge = find(name);
  return edge?.row.revoked === false ? edge : undefined;
}

/**
 * Selects the newest report of each edge, if it is newer than all earlier reports, and notes its time as the newest.
 */
export function freshReports(all: readonly Verified[]): Verified[] {
  return newestOfEach(all, ({ edge }) => edge.row.name).filter(({ edge, report }) => {
    const isFresh = report.time > edge.reportTime;
    if (isFresh) edge.reportTime = report.time;
    return isFresh;
  });
}

/** Accepts fresh reports. Their statements are durable when it resolves. Only the newest report of an edge is kept. */
export async function takeIn(
  keep: (statements: readonly Statement[]) => Promise<void>,
  fresh: readonly Verified[],
  now: number,
): Promise<void> {
  await keep(fresh.flatMap(({ statements }) => statements));
  for (const { edge, report } of fresh) {
    edge.lastSeen = now;
    // A newer report may have arrived while the statements were stored.
    if (edge.reportTime !== report.time) continue;
    noteReport(edge, report);
  }
}

/** Notes that the receipt is stored. */
export function confirm({ confirmed }: EdgeRecord, { site, revision }: Receipt): void {
  confirmed.set(site, Math.max(revision, confirmed.get(site) ?? 0));
}
