import { ByteCache } from '../../../shared/process/byte-cache.ts';
import { isSmall } from '../../../shared/store/object-reader.ts';
import type { ObjectUse } from '../../disk-budget/object-use.ts';
import type { SiteView } from '../../messages/views.ts';
import type { Content } from '../bytes/content.ts';
import { cacheStatus } from '../http/cache-status.ts';
import { decide } from '../site/decide.ts';
import type { LogClock } from '../site/log-clock.ts';
import type { RulesInForce } from '../site/rules-in-force.ts';
import { servedSite } from '../site/served-site.ts';
import type { SiteSelection } from '../site/site-selection.ts';
import type { Tls } from '../tls/tls.ts';
import { HotAnswer } from './hot-answer.ts';
import { isPlainPath, type PlainGet } from './recognise.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;

export interface HotAnswersParts {
  readonly content: Content;
  readonly rules: RulesInForce;
  readonly time: LogClock;
  /** Whose hosts are not answered without it; undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
  readonly keepAliveMs: number;
}

/**
 * Whole answers to plain GETs of small files, as the full server would give them: one decision makes both. Whatever
 * changes what a request is answered with has to `forgetAll` in the same turn of the event loop.
 */
export class HotAnswers {
  readonly #parts: HotAnswersParts;
  readonly #answers = new ByteCache<string, HotAnswer>({ bytes: MEMORY_BYTES, sizeOf: ({ size }) => size });

  constructor(parts: HotAnswersParts) {
    this.#parts = parts;
  }

  /** Undefined for what is not a small file: the full server answers. `second` is of the time of the log. */
  find({ target, fields }: PlainGet, sites: SiteSelection, second: number): HotAnswer | undefined {
    const key = `${fields.key} ${target}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const view = isPlainPath(target) ? sites.find(fields.host) : undefined;
    if (view === undefined || view.revision === 0 || view.private !== null) return undefined;
    if (this.#parts.tls?.addressOf(fields.host) !== undefined) return undefined;
    const made = this.#make(target, fields.acceptEncoding, view, second);
    if (made !== undefined) this.#answers.set(key, made);
    return made;
  }

  /** Notes what has been given since then. */
  noteUse(use: ObjectUse, since: number): void {
    for (const { source, usedAt } of this.#answers.values()) if (usedAt >= since) use.note(source, usedAt);
  }

  forgetAll(): void {
    this.#answers.clear();
  }

  #make(
    target: string,
    acceptEncoding: string | undefined,
    view: SiteView,
    second: number,
  ): HotAnswer | undefined {
    const { content, keepAliveMs } = this.#parts;
    try {
      const asked = { method: 'GET', target, headers: { 'accept-encoding': acceptEncoding }, client: '' };
      const { status, headers, body } = decide(asked, servedSite(view, this.#parts));
      // Assets of older revisions are served for a time, and not from here.
      if (headers['skerry-revision'] !== `${view.name}@${view.revision}`) return undefined;
      if (status !== 200 || body.kind !== 'bytes' || !isSmall(body.representation.size)) return undefined;
      const found = content.body(body.representation, undefined);
      if (found.kind !== 'bytes') return undefined;
      return new HotAnswer(
        {
          view,
          status,
          headers: { ...headers, 'cache-status': cacheStatus({ kind: 'hit', tier: 'memory' }) },
          body: found.bytes,
          source: body.representation.source,
          keepAliveMs,
        },
        second,
      );
    } catch {
      // The full server meets the same error; it logs it and tells the reader.
      return undefined;
    }
  }
}
