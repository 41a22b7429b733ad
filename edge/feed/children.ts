import { SkerryError } from '../../shared/errors.ts';
import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { PublicKey } from '../../shared/keys.ts';
import { type ReportAnswer, type SignedReport, verifiedReport } from '../../shared/protocol.ts';
import type { Payload } from '../../shared/record-kinds.ts';
import type { Reporter } from '../report/reporter.ts';

/** The members of the log, as its records name them, and the relaying of what those below this edge report. */
export class Children implements FeedMembers {
  readonly #log: string;
  readonly #reporter: Pick<Reporter, 'relay'>;
  /** Those that are not revoked. */
  #members = new Map<string, Payload<'member'>>();

  constructor(log: string, reporter: Pick<Reporter, 'relay'>) {
    this.#log = log;
    this.#reporter = reporter;
  }

  /** What the newest records say. True when somebody is out: streams that they have open must end. */
  setMembers(members: readonly Payload<'member'>[]): boolean {
    const before = this.#members;
    const valid = members.filter(({ revoked }) => !revoked);
    this.#members = new Map(valid.map((member) => [member.name, member]));
    return [...before].some(([name, { publicKey }]) => this.keyOf(name) !== publicKey);
  }

  keyOf(name: string): PublicKey | undefined {
    return this.#members.get(name)?.publicKey as PublicKey | undefined;
  }

  mayRead(name: string): readonly string[] | null {
    return this.#members.get(name)?.mayRead ?? null;
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
    // One bad report would have the origin refuse them all, and this edge's own with them.
    return this.#reporter.relay(reports.filter((report) => this.#isSound(report)));
  }

  #isSound(report: SignedReport): boolean {
    const key = this.keyOf(report.edge);
    if (key === undefined) return false;
    try {
      verifiedReport(this.#log, report, key);
      return true;
    } catch {
      return false;
    }
  }
}
