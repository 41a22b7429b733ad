import { SkerryError } from '../../shared/errors.ts';
import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { PublicKey } from '../../shared/keys.ts';
import {
  MAX_REPORT_BYTES,
  type ReportAnswer,
  reportBytes,
  type SignedReport,
  verifiedReport,
} from '../../shared/protocol.ts';
import type { Payload } from '../../shared/record-kinds.ts';
import type { Reporter } from '../report/reporter.ts';

/** The members of the log, as its records name them, and the relaying of what those below this edge report. */
export class Children implements FeedMembers {
  readonly #log: string;
  readonly #reporter: Pick<Reporter, 'relay'>;
  #keys = new Map<string, PublicKey>();

  constructor(log: string, reporter: Pick<Reporter, 'relay'>) {
    this.#log = log;
    this.#reporter = reporter;
  }

  /** What the newest records say. True when somebody is out: streams that they have open must end. */
  setMembers(members: readonly Payload<'member'>[]): boolean {
    const before = this.#keys;
    const valid = members.filter(({ revoked }) => !revoked);
    this.#keys = new Map(valid.map(({ name, publicKey }) => [name, publicKey as PublicKey]));
    return [...before].some(([name, key]) => this.#keys.get(name) !== key);
  }

  keyOf(name: string): PublicKey | undefined {
    return this.#keys.get(name);
  }

  connected(): () => void {
    return () => {};
  }

  async report(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    const [own] = reports;
    const key = this.keyOf(sender);
    if (key === undefined) throw new SkerryError('no-such-edge', `there is no edge ${sender}`);
    if (own?.edge !== sender)
      throw new SkerryError('bad-request', 'the first report must be that of the sender');
    verifiedReport(this.#log, own, key);
    if (isTooLarge(own))
      throw new SkerryError('too-large', `a report is larger than ${MAX_REPORT_BYTES} bytes`);
    // One bad report would have the origin refuse them all, and this edge's own with them.
    return this.#reporter.relay(reports.filter((report) => this.#isSound(report)));
  }

  #isSound(report: SignedReport): boolean {
    const key = this.keyOf(report.edge);
    if (key === undefined || isTooLarge(report)) return false;
    try {
      verifiedReport(this.#log, report, key);
      return true;
    } catch {
      return false;
    }
  }
}

/** It would not fit beside this edge's own report, which is then never sent. */
function isTooLarge(report: SignedReport): boolean {
  return reportBytes(report) > MAX_REPORT_BYTES;
}
