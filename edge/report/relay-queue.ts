import { digestOf } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Grant } from '../../shared/grant.ts';
import {
  MAX_REPORT_BYTES,
  MAX_REPORTS_BYTES,
  type ReportAnswer,
  reportBytes,
  type SignedReport,
} from '../../shared/protocol.ts';

/** Of reports that wait here: more are refused, and their edges send newer ones later. */
const MOST_WAITING = 4000;
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** Of those that travel in one request beside this edge's own. */
const MOST_TOGETHER = 500;
const MOST_TOGETHER_BYTES = MAX_REPORTS_BYTES - MAX_REPORT_BYTES - 4096;

/** The reports of one child's request: answered when all of them are, refused when one of them cannot be. */
interface Group {
  readonly grants: Grant[];
  left: number;
  isRefused: boolean;
  readonly resolve: (answer: ReportAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  readonly report: SignedReport;
  readonly bytes: number;
  readonly group: Group;
}

/** What goes up in one request, and whom its answer goes to. */
export interface Batch {
  readonly reports: readonly SignedReport[];
  answered(answer: ReportAnswer): void;
  refused(): void;
}

/**
 * The reports of children that wait to be passed on. A child may itself relay as much as one request takes, so that
 * what comes together need not go on together.
 */
export class RelayQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;
  #isClosed = false;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves with what was granted to these; rejects with `unavailable`. */
  add(reports: readonly SignedReport[]): Promise<ReportAnswer> {
    if (this.#isClosed) return Promise.reject(ending());
    const sized = reports.map((report) => ({ report, bytes: reportBytes(report) }));
    const bytes = sized.reduce((sum, one) => sum + one.bytes, this.#bytes);
    if (this.#waiting.length + reports.length > MOST_WAITING || bytes > MOST_WAITING_BYTES)
      return Promise.reject(new SkerryError('unavailable', 'too many reports wait to be passed on'));
    if (reports.length === 0) return Promise.resolve({ grants: [] });
    return new Promise((resolve, reject) => {
      const group: Group = { grants: [], left: reports.length, isRefused: false, resolve, reject };
      this.#waiting.push(...sized.map((one) => ({ ...one, group })));
      this.#bytes = bytes;
    });
  }

  /** The oldest, as many as fit into one request. */
  take(): Batch {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.#waiting.slice(0, MOST_TOGETHER)) {
      if (count > 0 && bytes + more > MOST_TOGETHER_BYTES) break;
      bytes += more;
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    this.#bytes -= bytes;
    return {
      reports: taken.map(({ report }) => report),
      answered: ({ grants }) => {
        // The first of each report: a repetition of it, which the origin takes no second time, says less.
        const byReport = new Map(grants.toReversed().map((grant) => [grant.report, grant]));
        for (const { report, group } of taken) {
          const grant = byReport.get(digestOf(report.text));
          if (grant !== undefined) group.grants.push(grant);
          if (--group.left === 0) group.resolve({ grants: group.grants });
        }
      },
      refused: () => this.#refuse(taken, new SkerryError('unavailable', 'the report was not passed on')),
    };
  }

  /** Refuses what waits and what comes later. */
  close(): void {
    this.#isClosed = true;
    this.#refuse(this.#waiting, ending());
  }

  /** With what waits here of the same requests: nobody awaits its answer any more. */
  #refuse(some: readonly Waiting[], error: SkerryError): void {
    for (const { group } of some) {
      group.isRefused = true;
      group.reject(error);
    }
    this.#waiting = this.#waiting.filter(({ group }) => !group.isRefused);
    this.#bytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const ending = () => new SkerryError('unavailable', 'this edge is about to end');
