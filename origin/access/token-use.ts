import { recentMap } from '../../shared/process/recent-map.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';

/** The last use of a token is stored at most this often, so that a publish of many requests costs one write. */
const EVERY_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** Notes when tokens were last used. */
export class TokenUse {
  readonly #catalog: Pick<Remote<TokenCalls>, 'noteTokenUse'>;
  readonly #noted = recentMap<string, number>(MOST_REMEMBERED);

  constructor(catalog: Pick<Remote<TokenCalls>, 'noteTokenUse'>) {
    this.#catalog = catalog;
  }

  /** Returns at once. If the note cannot be stored, the next use is noted. */
  used(id: string, now: number): void {
    if (now - (this.#noted.get(id) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    this.#noted.set(id, now);
    this.#catalog.noteTokenUse(id, now).catch(() => this.#noted.delete(id));
  }
}
