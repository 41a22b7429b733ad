import type { Digest } from '../../../shared/content/digest.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import { MOST_EVIDENCE_TEXT } from '../../../shared/wire/rollout-api.ts';
import type { TrialError } from '../../messages/counters.ts';
import type { SiteView, Trial } from '../../messages/views.ts';
import type { ReaderRequest } from './decide.ts';
import { isLinkedIn } from './page-links.ts';
import type { Page, PublishedSite } from './published-site.ts';
import { refererPath } from './referer.ts';
import type { PreparedAnswer, SiteAnswer, SiteHandler } from './site-handler.ts';

const TEXT_BYTES = 4 * 1024 * 1024;
const NO_TEXT = Buffer.alloc(0);

/** The texts of pages that asked for missing files: usually the same few pages. All trials of a process share them. */
export type PageTexts = ByteCache<Digest, Buffer>;

export function pageTexts(): PageTexts {
  return new ByteCache({ bytes: TEXT_BYTES, sizeOf: ({ length }) => length });
}

/**
 * A revision on trial. For each error it also decides what the same request would have got under the base, so that only
 * what differs counts against the revision.
 */
export class TrialSite implements SiteHandler {
  readonly #site: PublishedSite;
  readonly #base: PublishedSite;
  readonly #note: (error: TrialError) => void;
  readonly #texts: PageTexts;

  constructor(site: PublishedSite, base: PublishedSite, texts: PageTexts, note: (error: TrialError) => void) {
    this.#site = site;
    this.#base = base;
    this.#texts = texts;
    this.#note = note;
  }

  get name(): string {
    return this.#site.name;
  }

  answer(request: ReaderRequest): SiteAnswer {
    const answer = this.#site.answer(request);
    if (isError(answer.status)) this.#compare(request, answer.status);
    return answer;
  }

  prepared(request: ReaderRequest): PreparedAnswer | undefined {
    return this.#site.prepared(request);
  }

  /**
   * The error that a request of a reader of the base would get now. Undefined if there is none, and if the page that
   * led to it does not do so any more.
   */
  foresee(request: ReaderRequest): TrialError | undefined {
    const status = this.#site.statusFor(request);
    if (status === undefined || !isError(status)) return undefined;
    const before = this.#base.statusFor(request);
    if (before === undefined || isError(before)) return undefined;
    const referer = refererPath(request);
    const path = pathOf(request);
    if (referer !== undefined && !this.#hasLink(referer, path)) return undefined;
    return trialError({ isLost: true, path, status, before, referer });
  }

  #hasLink(page: string, path: string): boolean {
    const found = this.#site.pageAt(page);
    const text = found && this.#textOf(found);
    return text !== undefined && isLinkedIn(text, path) === true;
  }

  #compare(request: ReaderRequest, status: number): void {
    const before = this.#base.statusFor(request);
    if (before === undefined) return;
    const referer = refererPath(request);
    const path = pathOf(request);
    const blame = isError(before) ? this.#blameFor(path, status, referer) : 'lost';
    if (blame === 'none') return;
    this.#note(trialError({ isLost: blame === 'lost', path, status, before, referer }));
  }

  /**
   * Whether the revision causes an error that the base would answer, too. It does when a page links to what neither
   * revision has, and the same page of the base does not. When the page is only another one, a script of it may ask.
   */
  #blameFor(path: string, status: number, referer: string | undefined): 'lost' | 'broken' | 'none' {
    if (status >= 500 || referer === undefined) return 'none';
    const [page, before] = [this.#site.pageAt(referer), this.#base.pageAt(referer)];
    if (page === undefined || page.digest === before?.digest) return 'none';
    const text = this.#textOf(page);
    const textBefore = before === undefined ? NO_TEXT : this.#textOf(before);
    if (text === undefined || textBefore === undefined) return 'broken';
    const isNewLink = isLinkedIn(text, path) === true && isLinkedIn(textBefore, path) === false;
    return isNewLink ? 'lost' : 'broken';
  }

  #textOf(page: Page): Buffer | undefined {
    const text = this.#texts.get(page.digest) ?? page.text();
    if (text !== undefined) this.#texts.set(page.digest, text);
    return text;
  }
}

function trialError({
  path,
  referer,
  ...error
}: Omit<TrialError, 'referer'> & { readonly referer: string | undefined }): TrialError {
  return {
    ...error,
    path: path.slice(0, MOST_EVIDENCE_TEXT),
    referer: referer?.slice(0, MOST_EVIDENCE_TEXT) ?? null,
  };
}

function pathOf({ target }: ReaderRequest): string {
  return target.split('?', 1)[0] ?? '';
}

/** The view of the base. It has no assets of the revision on trial, which would hide what that one lacks. */
export function baseOf(view: SiteView, { base, prefixes }: Trial): SiteView {
  return { ...view, revision: base, prefixes, trial: null, former: { ...view.former, beside: null } };
}

/** Errors that a revision can cause. Others depend on the reader alone. */
function isError(status: number): boolean {
  return status === 404 || status === 410 || status >= 500;
}
