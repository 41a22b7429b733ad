import { openReportCheck } from '../../shared/reports/report-check.ts';
import type { ReportCheckers } from '../../shared/reports/report-checks.ts';
import { asRemote } from './in-process.ts';

/** Checkers that all run in this process. */
export function checkersOf(log: string): ReportCheckers {
  const check = openReportCheck(log);
  return { atHand: check, apart: asRemote(check) };
}
