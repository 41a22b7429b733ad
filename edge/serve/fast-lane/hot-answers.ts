import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ObjectUse } from '../../disk-budget/object-use.ts';
import type { PreparedAnswer, SiteHandler } from '../site/site-handler.ts';
import type { SiteSelection } from '../site/site-selection.ts';
import type { Tls } from '../tls/tls.ts';
import { type Dated, HotAnswer } from './hot-answer.ts';
import { isPlainPath, type PlainGet } from './recognise.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;

export interface HotAnswersParts<Wire> {
  /** Over plain HTTP, hosts with a certificate are not answered here. Undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
  /** How a response goes on the wire. */
  readonly wireOf: (prepared: PreparedAnswer) => Dated<Wire>;
}

/**
 * Keeps whole responses to plain GETs, which sites prepare. The full server would send the same responses. Code that
 * changes the response to a request must call `forgetAll` in the same turn of the event loop.
 */
export class HotAnswers<Wire> {
  readonly #parts: HotAnswersParts<Wire>;
  readonly #answers = new ByteCache<string, HotAnswer<Wire>>({
    bytes: MEMORY_BYTES,
    sizeOf: ({ size }) => size,
  });

  constructor(parts: HotAnswersParts<Wire>) {
    this.#parts = parts;
  }

  /**
   * The response to a plain GET. Undefined if no site has prepared one, so that the full server must answer. `second`
   * is in the time of the log.
   */
  find(
    { target, fields }: Pick<PlainGet, 'target' | 'fields'>,
    sites: SiteSelection,
    second: number,
  ): HotAnswer<Wire> | undefined {
    const key = `${fields.key} ${target}`;
    const known = this.#answers.get(key);
    if (known?.prepared.mayBeGiven()) return known;
    const site = isPlainPath(target) ? sites.find(fields.host) : undefined;
    const { tls, wireOf } = this.#parts;
    if (site === undefined || tls?.addressOf(fields.host) !== undefined) return undefined;
    const prepared = preparedBy(site, target, fields.acceptEncoding);
    if (prepared === undefined) return undefined;
    const made = new HotAnswer(site.name, prepared, wireOf(prepared), second);
    this.#answers.set(key, made);
    return made;
  }

  /** Notes which objects have been sent since the last call. */
  noteUse(use: ObjectUse): void {
    for (const answer of this.#answers.values()) {
      const times = answer.takeUses();
      const { source } = answer.prepared;
      if (times > 0 && source !== undefined) use.note(source, answer.usedAt, times);
    }
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
    // The full server gets the same error, logs it and answers the reader.
    return undefined;
  }
}
