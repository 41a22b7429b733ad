import { digestOf } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Grant } from '../../shared/log/grant.ts';
import {
  MAX_REPORT_BYTES,
  MAX_REPORTS_BYTES,
  type ReportAnswer,
  reportBytes,
  type SignedReport,
} from '../../shared/wire/protocol.ts';

/** Reports that wait here have so much. When it is more, whoever has most waiting is refused, and sends newer ones later. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** What a waiting report takes beside its text. */
const WAITING_BYTES = 512;
/** Reports of children that travel in one request, beside this edge's own. */
const MOST_TOGETHER = 500;
const MOST_TOGETHER_BYTES = MAX_REPORTS_BYTES - MAX_REPORT_BYTES - 4096;

/** One child's request: answered when all of its reports are, refused when one of them cannot be. */
interface Request {
  readonly waiting: SignedReport[];
  /** Of those that wait. */
  bytes: number;
  /** Of those that are not answered yet. */
  left: number;
  readonly grants: Grant[];
  readonly resolve: (answer: ReportAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** What goes up in one request, and whom its answer goes to. */
export interface Batch {
  readonly reports: readonly SignedReport[];
  answered(answer: ReportAnswer): void;
  refused(): void;
}

/**
 * The reports of children that wait to be passed on. A child may itself relay as much as one request takes, so that
 * what comes together need not go on together: the children take turns, one report each.
 */
export class RelayQueue {
  /** By who sent it, in the order of their turns; each has something waiting. */
  readonly #requests = new Map<string, Request>();
  #bytes = 0;
  #isClosed = false;

  get isEmpty(): boolean {
    return this.#requests.size === 0;
  }

  /** Resolves with what was granted to these; rejects with `unavailable`, and when the sender has newer ones. */
  add(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    if (this.#isClosed) return Promise.reject(ending());
    // A child sends one request at a time: it has given the one before up.
    this.#refuse(sender, new SkerryError('unavailable', `${sender} has sent newer reports`));
    if (reports.length === 0) return Promise.resolve({ grants: [] });
    return new Promise((resolve, reject) => {
      const bytes = reports.reduce((sum, report) => sum + waitingBytes(report), 0);
      const left = reports.length;
      this.#requests.set(sender, { waiting: [...reports], bytes, left, grants: [], resolve, reject });
      this.#bytes += bytes;
      while (this.#bytes > MOST_WAITING_BYTES) this.#refuse(this.#largest(), tooMany());
    });
  }

  /** As many as fit into one request. */
  take(): Batch {
    const taken: { readonly report: SignedReport; readonly request: Request }[] = [];
    let bytes = 0;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [sender, request, report] = next;
      const more = reportBytes(report);
      const isFull = taken.length === MOST_TOGETHER || bytes + more > MOST_TOGETHER_BYTES;
      if (taken.length > 0 && isFull) break;
      this.#remove(sender, request);
      taken.push({ report, request });
      bytes += more;
    }
    return {
      reports: taken.map(({ report }) => report),
      answered: ({ grants }) => {
        // The first of each report: a repetition of it, which the origin takes no second time, says less.
        const byReport = new Map(grants.toReversed().map((grant) => [grant.report, grant]));
        for (const { report, request } of taken) {
          const grant = byReport.get(digestOf(report.text));
          if (grant !== undefined) request.grants.push(grant);
          if (--request.left === 0) request.resolve({ grants: request.grants });
        }
      },
      refused: () => {
        const failed = new Set(taken.map(({ request }) => request));
        for (const request of failed) request.reject(notPassedOn());
        // Nobody awaits the rest of the same requests any more.
        for (const [sender, request] of this.#requests)
          if (failed.has(request)) this.#refuse(sender, notPassedOn());
      },
    };
  }

  /** Refuses what waits and what comes later. */
  close(): void {
    this.#isClosed = true;
    for (const sender of this.#requests.keys()) this.#refuse(sender, ending());
  }

  #next(): [string, Request, SignedReport] | undefined {
    for (const [sender, request] of this.#requests) {
      const [report] = request.waiting;
      if (report !== undefined) return [sender, request, report];
    }
    return undefined;
  }

  /** The first one of the request; the turn of its sender has passed. */
  #remove(sender: string, request: Request): void {
    const report = request.waiting.shift();
    const bytes = report === undefined ? 0 : waitingBytes(report);
    request.bytes -= bytes;
    this.#bytes -= bytes;
    this.#requests.delete(sender);
    if (request.waiting.length > 0) this.#requests.set(sender, request);
  }

  #largest(): string {
    const [sender] = [...this.#requests].reduce((most, one) => (one[1].bytes > most[1].bytes ? one : most));
    return sender;
  }

  #refuse(sender: string, error: SkerryError): void {
    const request = this.#requests.get(sender);
    if (request === undefined) return;
    this.#requests.delete(sender);
    this.#bytes -= request.bytes;
    request.reject(error);
  }
}

const waitingBytes = (report: SignedReport) => reportBytes(report) + WAITING_BYTES;
const notPassedOn = () => new SkerryError('unavailable', 'the report was not passed on');
const tooMany = () => new SkerryError('unavailable', 'too many reports wait to be passed on');
const ending = () => new SkerryError('unavailable', 'this edge is about to end');
