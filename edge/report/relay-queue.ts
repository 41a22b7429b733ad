import { digestOf } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { SignedGrant } from '../../shared/log/grant.ts';
import {
  MAX_REPORT_BYTES,
  MAX_REPORTS_BYTES,
  MOST_LISTS_BYTES,
  type ReportAnswer,
  reportBytes,
  type SignedReport,
} from '../../shared/wire/protocol.ts';

/**
 * The maximum number of bytes of waiting reports. Beyond that, the reports of the child with the most waiting bytes are
 * refused. That child sends newer reports later.
 */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** The memory that a waiting report takes in addition to its text. */
const WAITING_BYTES = 512;
/** The maximum number of children's reports in one request, in addition to this edge's own. */
const MOST_TOGETHER = 500;
const MOST_TOGETHER_BYTES = MAX_REPORTS_BYTES - MAX_REPORT_BYTES - 4096;

/**
 * One child's request. It is answered when all of its reports have been answered. It is refused if one of them cannot
 * be passed on.
 */
interface Request {
  readonly waiting: SignedReport[];
  /** The number of bytes of its waiting reports. */
  bytes: number;
  /** The number of its reports that are not answered yet. */
  left: number;
  readonly grants: SignedGrant[];
  /** The number of bytes of the lists of assignments that accompany its grants. */
  listBytes: number;
  readonly resolve: (answer: ReportAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** The reports that are sent upstream in one request, and the functions that settle them. */
export interface Batch {
  readonly reports: readonly SignedReport[];
  answered(answer: ReportAnswer): void;
  refused(): void;
}

/**
 * The reports of children that wait to be passed on. A child may itself relay so many reports that they fill a request,
 * so reports that arrived together need not be sent together. The children take turns, one report each.
 */
export class RelayQueue {
  /** Requests by sender, in the order of their turns. Each has at least one waiting report. */
  readonly #requests = new Map<string, Request>();
  #bytes = 0;
  #isClosed = false;

  get isEmpty(): boolean {
    return this.#requests.size === 0;
  }

  /**
   * Resolves with the grants for these reports. Rejects with `unavailable` if they cannot be passed on, or if the
   * sender has sent newer reports meanwhile.
   */
  add(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    if (this.#isClosed) return Promise.reject(ending());
    // A child sends one request at a time, so it no longer waits for the previous one.
    this.#refuse(sender, new SkerryError('unavailable', `${sender} has sent newer reports`));
    if (reports.length === 0) return Promise.resolve({ grants: [] });
    return new Promise((resolve, reject) => {
      const bytes = reports.reduce((sum, report) => sum + waitingBytes(report), 0);
      const left = reports.length;
      const grants = { grants: [], listBytes: 0 };
      this.#requests.set(sender, { waiting: [...reports], bytes, left, ...grants, resolve, reject });
      this.#bytes += bytes;
      while (this.#bytes > MOST_WAITING_BYTES) this.#refuse(this.#largest(), tooMany());
    });
  }

  /** Takes as many reports as fit into one request. */
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
        // The first grant for each report counts. The origin does not accept a report that it already has, so a later
        // grant says less.
        const byReport = new Map(grants.toReversed().map((grant) => [grant.report, grant]));
        for (const { report, request } of taken) {
          const grant = byReport.get(digestOf(report.text));
          if (grant !== undefined) addGrant(request, grant);
          if (--request.left === 0) request.resolve({ grants: request.grants });
        }
      },
      refused: () => {
        const failed = new Set(taken.map(({ request }) => request));
        for (const request of failed) request.reject(notPassedOn());
        // The other reports of these requests are no longer awaited.
        for (const [sender, request] of this.#requests)
          if (failed.has(request)) this.#refuse(sender, notPassedOn());
      },
    };
  }

  /** Refuses all waiting reports and all later ones. */
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

  /** Removes the first report of the request, and ends the sender's turn. */
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

/**
 * Adds a grant to the answer. The answer may combine several answers of the upstream, each of which may be full of
 * lists. If there is no room for an edge's list, it is left out, and the edge asks again.
 */
function addGrant(request: Request, { list, ...grant }: SignedGrant): void {
  const bytes = list === undefined ? 0 : Buffer.byteLength(list);
  const hasRoom = request.listBytes + bytes <= MOST_LISTS_BYTES;
  if (hasRoom) request.listBytes += bytes;
  request.grants.push(list !== undefined && hasRoom ? { ...grant, list } : grant);
}

const waitingBytes = (report: SignedReport) => reportBytes(report) + WAITING_BYTES;
const notPassedOn = () => new SkerryError('unavailable', 'the report was not relayed');
const tooMany = () => new SkerryError('unavailable', 'too many reports wait to be relayed');
const ending = () => new SkerryError('unavailable', 'this edge is about to end');
