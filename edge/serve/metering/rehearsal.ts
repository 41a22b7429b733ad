import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { RehearsalCounts, TrialError } from '../../messages/counters.ts';
import type { TrialSite } from '../site/trial-site.ts';
import type { Counters } from './counters.ts';
import type { RecentRequest, RecentRequests } from './recent-requests.ts';

/** Between two slices, readers get their answers. */
const SLICE = 16;

/** Rehearses each revision on trial once. */
export class Rehearsals {
  readonly #recent: Pick<RecentRequests, 'of'>;
  readonly #counters: Pick<Counters, 'beginRehearsal' | 'countRehearsal'>;
  readonly #log: Pick<Logger, 'error'>;

  constructor(
    recent: Pick<RecentRequests, 'of'>,
    counters: Pick<Counters, 'beginRehearsal' | 'countRehearsal'>,
    log: Pick<Logger, 'error'>,
  ) {
    this.#recent = recent;
    this.#counters = counters;
    this.#log = log;
  }

  /** Called for each new handler of a revision on trial. It gets one whenever anything changes at any site. */
  begin(site: Pick<TrialSite, 'name' | 'foresee'>, revision: number): void {
    const { name } = site;
    if (!this.#counters.beginRehearsal(name, revision)) return;
    rehearse(site, this.#recent.of(name)).then(
      (found) => this.#counters.countRehearsal(name, revision, found),
      (err: unknown) => this.#log.error({ err, site: name }, 'a revision on trial could not be rehearsed'),
    );
  }
}

/**
 * Decides the last requests of readers again under a revision that is on trial since now. So most of what it lost is
 * found before a reader asks for it.
 */
async function rehearse(
  site: Pick<TrialSite, 'foresee'>,
  requests: readonly RecentRequest[],
): Promise<RehearsalCounts & { readonly errors: readonly TrialError[] }> {
  const errors: TrialError[] = [];
  for (const [i, { target, host, referer }] of requests.entries()) {
    if (i % SLICE === 0) await nextTurn();
    const error = site.foresee({ method: 'GET', target, headers: { referer }, client: '', host });
    if (error !== undefined) errors.push(error);
  }
  return { requests: requests.length, lost: errors.length, errors };
}
