import { SkerryError } from '../../shared/errors.ts';
import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import { newestOfEach } from '../../shared/reports/newest-reports.ts';
import type { ReportChecks } from '../../shared/reports/report-checks.ts';
import type { PublicKey } from '../../shared/signing/keys.ts';
import {
  MAX_REPORT_BYTES,
  type ReportAnswer,
  reportBytes,
  type SignedReport,
} from '../../shared/wire/protocol.ts';
import type { Reporter } from '../report/reporter.ts';

/**
 * The current members of the log, according to its records. This class also relays the reports of the edges below this
 * one.
 */
export class Children implements FeedMembers {
  readonly #checks: Pick<ReportChecks, 'of'> | undefined;
  readonly #reporter: Pick<Reporter, 'relay'>;
  /** The members that are not revoked. */
  #members = new Map<string, Payload<'member'>>();
  /**
   * The time of each member's newest report. If an older report is sent again, it counts against its sender's budget.
   */
  #newest = new Map<string, number>();

  /** An edge without `checks` has no feed, so no child reports to it. */
  constructor(checks: Pick<ReportChecks, 'of'> | undefined, reporter: Pick<Reporter, 'relay'>) {
    this.#checks = checks;
    this.#reporter = reporter;
  }

  /**
   * Replaces the members with those in the newest records. Returns true if the open streams must end because a member
   * was removed or has a new key.
   */
  setMembers(members: readonly Payload<'member'>[]): boolean {
    const before = this.#members;
    const valid = members.filter(({ revoked }) => !revoked);
    this.#newest = new Map(valid.map(({ name }) => [name, this.#newest.get(name) ?? 0]));
    this.#members = new Map(valid.map((member) => [member.name, member]));
    return [...before].some(([name, { publicKey }]) => this.keyOf(name) !== publicKey);
  }

  keyOf(name: string): PublicKey | undefined {
    return this.#members.get(name)?.publicKey as PublicKey | undefined;
  }

  formerKeyOf(name: string): PublicKey | undefined {
    return this.#members.get(name)?.replaces as PublicKey | undefined;
  }

  revocationOf(): undefined {
    return undefined;
  }

  mayRead(name: string): readonly string[] | null {
    return this.#members.get(name)?.mayRead ?? null;
  }

  proven(): void {}

  connected(): () => void {
    return () => {};
  }

  async report(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    if (this.keyOf(sender) === undefined) throw new SkerryError('no-such-edge', `there is no edge ${sender}`);
    if (reports[0]?.edge !== sender)
      throw new SkerryError('bad-request', 'the first report must be the report of the sender');
    const [own] = reports;
    if (own !== undefined && isTooLarge(own))
      throw new SkerryError('too-large', `a report is larger than ${MAX_REPORT_BYTES} bytes`);
    if (this.#checks === undefined) throw new SkerryError('unavailable', 'this edge is not a parent');
    const claimed = reports.flatMap((signed) => {
      const key = this.keyOf(signed.edge);
      if (key === undefined || isTooLarge(signed)) return [];
      return [{ signed, key, newest: this.#newest.get(signed.edge) ?? 0 }];
    });
    const checked = await this.#checks.of(sender, claimed);
    const checkedOwn = checked[0];
    if (checkedOwn !== undefined && 'refused' in checkedOwn)
      throw new SkerryError('bad-request', checkedOwn.refused);
    // Because of one bad report, the origin would refuse the whole request, including this edge's own report.
    const sound = claimed.flatMap(({ signed }, i) => {
      const one = checked[i];
      if (one === undefined || 'refused' in one) return [];
      this.#newest.set(signed.edge, Math.max(one.report.time, this.#newest.get(signed.edge) ?? 0));
      return [{ signed, report: one.report }];
    });
    const newest = newestOfEach(sound, ({ signed }) => signed.edge);
    return this.#reporter.relay(
      sender,
      newest.map(({ signed }) => signed),
    );
  }
}

/** A larger report would not fit into a request together with this edge's own report, so it could never be sent. */
function isTooLarge(report: SignedReport): boolean {
  return reportBytes(report) > MAX_REPORT_BYTES;
}
