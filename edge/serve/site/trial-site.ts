import { MOST_EVIDENCE_TEXT } from '../../../shared/wire/rollout-api.ts';
import type { TrialError } from '../../messages/counters.ts';
import type { SiteView, Trial } from '../../messages/views.ts';
import type { ReaderRequest } from './decide.ts';
import type { PublishedSite } from './published-site.ts';
import { refererPath } from './referer.ts';
import type { PreparedAnswer, SiteAnswer, SiteHandler } from './site-handler.ts';

/**
 * A revision on trial. For each error it also decides what the same request would have got under the base, so that only
 * what differs counts against the revision.
 */
export class TrialSite implements SiteHandler {
  readonly #site: PublishedSite;
  readonly #base: PublishedSite;
  readonly #note: (error: TrialError) => void;

  constructor(site: PublishedSite, base: PublishedSite, note: (error: TrialError) => void) {
    this.#site = site;
    this.#base = base;
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

  #compare(request: ReaderRequest, status: number): void {
    const before = this.#base.statusFor(request);
    if (before === undefined) return;
    const referer = refererPath(request);
    const isLost = !isError(before);
    if (!isLost && (status >= 500 || referer === undefined || !this.#isNewPage(referer))) return;
    this.#note({
      ...{ isLost, status, before },
      path: (request.target.split('?', 1)[0] ?? '').slice(0, MOST_EVIDENCE_TEXT),
      referer: referer?.slice(0, MOST_EVIDENCE_TEXT) ?? null,
    });
  }

  /** Whether a page that asks for what neither revision has is other than under the base. */
  #isNewPage(path: string): boolean {
    const digest = this.#site.digestAt(path);
    return digest !== undefined && digest !== this.#base.digestAt(path);
  }
}

/** The view of the base. It has no assets of the revision on trial, which would hide what that one lacks. */
export function baseOf(view: SiteView, { base, prefixes }: Trial): SiteView {
  return { ...view, revision: base, prefixes, trial: null, former: { ...view.former, beside: null } };
}

/** Errors that a revision can cause. Others depend on the reader alone. */
function isError(status: number): boolean {
  return status === 404 || status === 410 || status >= 500;
}
