import { ByteCache } from '../../shared/byte-cache.ts';
import type { Entry } from '../../shared/entry.ts';
import { HEADERS_FILE, MOST_RULE_BYTES, REDIRECTS_FILE } from '../../shared/site-rules/rule-lines.ts';
import { type SiteRules, siteRules } from '../../shared/site-rules/site-rules.ts';
import type { Content } from './content.ts';

/** Of rules in memory: what is parsed of a file of this size is larger. */
const MEMORY_BYTES = 8 * 1024 * 1024;
const PARSED_BYTES = 2048;

/** The rules of a site at a revision, read when they are first needed and again when one of the files changes. */
export class RulesInForce {
  readonly #content: Content;
  readonly #parsed = new ByteCache<string, { readonly rules: SiteRules; readonly bytes: number }>({
    bytes: MEMORY_BYTES,
    sizeOf: ({ bytes }) => bytes,
  });

  constructor(content: Content) {
    this.#content = content;
  }

  /** Throws `no-such-object` when a file cannot be read: without its rules a site is not served. */
  at(site: number, revision: number): SiteRules {
    const headers = this.#content.entry(site, revision, HEADERS_FILE);
    const redirects = this.#content.entry(site, revision, REDIRECTS_FILE);
    const key = `${headers?.digest} ${redirects?.digest}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) return known.rules;
    const texts = [this.#text(headers), this.#text(redirects)] as const;
    const rules = siteRules(...texts);
    this.#parsed.set(key, { rules, bytes: PARSED_BYTES + 10 * (texts[0].length + texts[1].length) });
    return rules;
  }

  #text(entry: Entry | undefined): string {
    if (entry === undefined || entry.size > MOST_RULE_BYTES) return '';
    return this.#content.bytes(entry).toString('utf8');
  }
}
