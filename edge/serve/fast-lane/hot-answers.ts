import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ObjectUse } from '../../disk-budget/object-use.ts';
import type { PreparedAnswer, SiteHandler } from '../site/site-handler.ts';
import type { SiteSelection } from '../site/site-selection.ts';
import type { Tls } from '../tls/tls.ts';
import { HotAnswer } from './hot-answer.ts';
import { isPlainPath, type PlainGet } from './recognise.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;

export interface HotAnswersParts {
  /** Whose hosts are not answered without it; undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
  readonly keepAliveMs: number;
}

/**
 * Whole answers to plain GETs, as sites prepare them: the full server would answer the same. Whatever changes what a
 * request is answered with has to `forgetAll` in the same turn of the event loop.
 */
export class HotAnswers {
  readonly #parts: HotAnswersParts;
  readonly #answers = new ByteCache<string, HotAnswer>({ bytes: MEMORY_BYTES, sizeOf: ({ size }) => size });

  constructor(parts: HotAnswersParts) {
    this.#parts = parts;
  }

  /** Undefined for what no site has prepared: the full server answers. `second` is of the time of the log. */
  find({ target, fields }: PlainGet, sites: SiteSelection, second: number): HotAnswer | undefined {
    const key = `${fields.key} ${target}`;
    const known = this.#answers.get(key);
    if (known?.prepared.mayBeGiven()) return known;
    const site = isPlainPath(target) ? sites.find(fields.host) : undefined;
    const { tls, keepAliveMs } = this.#parts;
    if (site === undefined || tls?.addressOf(fields.host) !== undefined) return undefined;
    const prepared = preparedBy(site, target, fields.acceptEncoding);
    if (prepared === undefined) return undefined;
    const made = new HotAnswer(site.name, prepared, keepAliveMs, second);
    this.#answers.set(key, made);
    return made;
  }

  /** Notes what has been given since then. */
  noteUse(use: ObjectUse, since: number): void {
    for (const { prepared, usedAt } of this.#answers.values())
      if (prepared.source !== undefined && usedAt >= since) use.note(prepared.source, usedAt);
  }

  forgetAll(): void {
    this.#answers.clear();
  }
}

function preparedBy(
  site: SiteHandler,
  target: string,
  acceptEncoding: string | undefined,
): PreparedAnswer | undefined {
  try {
    return site.prepared({
      method: 'GET',
      target,
      headers: { 'accept-encoding': acceptEncoding },
      client: '',
    });
  } catch {
    // The full server meets the same error; it logs it and tells the reader.
    return undefined;
  }
}
