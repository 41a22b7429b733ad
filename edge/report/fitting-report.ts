import type { Statement } from '../../shared/log/statements.ts';
import {
  type EdgeReport,
  MAX_ERROR,
  MAX_REPORT_BYTES,
  MAX_REPORTED_SITES,
  MOST_REPORTED_ALIASES,
  reportBytes,
  type SignedReport,
  type SiteReport,
  signReport,
} from '../../shared/wire/protocol.ts';
import type { Self } from '../follow/upstream/transfer.ts';
import type { SiteStatus } from './replica-status.ts';

/**
 * The maximum number of characters of all error texts together. Each character may take seven bytes: a control
 * character takes six in the JSON of the report (`\u0001`), and its backslash is doubled when the report travels as
 * text in JSON.
 */
const ERRORS = 3_000;

/**
 * The signed report with the statements that fit, in their order. A statement that does not fit waits for a later
 * report, while smaller ones after it can still go into this report.
 */
export function fittingReport(
  { name, log, key }: Self,
  report: Omit<EdgeReport, 'statements'>,
  unsent: readonly Statement[],
): { readonly own: SignedReport; readonly taken: readonly Statement[] } {
  const signed = (statements: readonly Statement[]) =>
    signReport(log, name, { ...report, statements: [...statements] }, key);
  let room = MAX_REPORT_BYTES - reportBytes(signed([]));
  const taken = unsent.filter((statement) => {
    const bytes = statementBytes(statement);
    if (bytes > room) return false;
    room -= bytes;
    return true;
  });
  return { own: signed(taken), taken };
}

/**
 * The bytes that a statement adds to a report, which travels as text in JSON. The outer quotes are not sent, but a
 * comma is.
 */
function statementBytes(statement: Statement): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(statement))) - 1;
}

/** The sites in the form of a report. When there are too many, those that have not reached their target come first. */
export function reportedSites(sites: readonly SiteStatus[]): SiteReport[] {
  const isMoving = ({ revision, target, prepared, error }: SiteStatus) =>
    revision !== target || prepared !== 0 || error !== null;
  const named =
    sites.length <= MAX_REPORTED_SITES
      ? sites
      : [...sites.filter(isMoving), ...sites.filter((site) => !isMoving(site))].slice(0, MAX_REPORTED_SITES);
  const failing = named.filter(({ error }) => error !== null).length;
  const errorLength = Math.min(MAX_ERROR, Math.floor(ERRORS / Math.max(1, failing)));
  const oldest = oldestReported(named);
  return named.map(({ id, name: _name, needsLease: _needsLease, error, aliases, ...site }) => {
    const reported = aliases.filter(({ seq }) => seq >= oldest);
    return {
      ...{ site: id, ...site },
      error: error === null ? null : error.slice(0, errorLength),
      ...(reported.length > 0 && { aliases: reported.map(({ name, revision }) => [name, revision]) }),
    };
  });
}

/** The record of the oldest alias that a report has room for. Those that somebody waits for are new. */
function oldestReported(sites: readonly SiteStatus[]): number {
  const newest = sites.flatMap(({ aliases }) => aliases.map(({ seq }) => seq)).sort((a, b) => b - a);
  return newest[MOST_REPORTED_ALIASES - 1] ?? 0;
}
