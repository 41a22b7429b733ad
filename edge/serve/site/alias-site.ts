import type { SiteView } from '../../messages/views.ts';
import { textAnswer } from './answer.ts';
import type { ReaderRequest } from './decide.ts';
import type { LogClock } from './log-clock.ts';
import type { PublishedSite } from './published-site.ts';
import type { Opened, PreparedAnswer, SiteAnswer, SiteHandler } from './site-handler.ts';

/** Search engines must not list drafts. */
const NOT_INDEXED = { 'x-robots-tag': 'noindex' };

/** A revision under an alias: it ends at the time of expiry, and no search engine lists it. */
export class AliasSite implements SiteHandler {
  /** All aliases of a site are counted together, because publishers choose their names. */
  readonly name: string;
  readonly #site: PublishedSite;
  readonly #expires: number;
  readonly #time: Pick<LogClock, 'now'>;

  constructor(site: PublishedSite, expires: number, time: Pick<LogClock, 'now'>) {
    this.name = aliasesOf(site.name);
    this.#site = site;
    this.#expires = expires;
    this.#time = time;
  }

  answer(request: ReaderRequest): SiteAnswer {
    return this.#isOver()
      ? textAnswer(404, 'This preview has expired\n')
      : notIndexed(this.#site.answer(request));
  }

  prepared(request: ReaderRequest): PreparedAnswer | undefined {
    const prepared = this.#site.prepared(request);
    if (prepared === undefined) return undefined;
    return {
      ...prepared,
      headers: { ...prepared.headers, ...NOT_INDEXED },
      mayBeGiven: () => !this.#isOver() && prepared.mayBeGiven(),
    };
  }

  #isOver(): boolean {
    return this.#time.now() >= this.#expires;
  }
}

/** The name under which all aliases of a site are counted. */
const aliasesOf = (site: string): string => `*--${site}`;

/** What a view counts as in the counters of readers. */
export function countedAs({ name, revision, alias }: SiteView): { name: string; revision: number } {
  return alias === null ? { name, revision } : { name: aliasesOf(name), revision: 0 };
}

function notIndexed(answer: SiteAnswer): SiteAnswer {
  const headers = { ...answer.headers, ...NOT_INDEXED };
  const { body } = answer;
  if (body.kind === 'none' || body.kind === 'text') return { ...answer, headers };
  const { representation } = body;
  return {
    ...answer,
    headers,
    body: {
      ...body,
      representation: {
        ...representation,
        open: async (range, reader): Promise<Opened> => {
          const opened = await representation.open(range, reader);
          return opened.kind === 'instead' ? { kind: 'instead', answer: notIndexed(opened.answer) } : opened;
        },
      },
    },
  };
}
