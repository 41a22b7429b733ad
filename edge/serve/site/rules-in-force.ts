import type { Entry } from '../../../shared/content/entry.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import { MOST_RULE_BYTES } from '../../../shared/site/rules/limits.ts';
import { HEADERS_FILE, REDIRECTS_FILE } from '../../../shared/site/rules/rule-lines.ts';
import { type SiteRules, siteRules } from '../../../shared/site/rules/site-rules.ts';
import type { Content } from '../bytes/content.ts';

/** Of rules in memory: several times what the largest files of a site come to. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/** The rules of a site at a revision, read when they are first needed and again when one of the files changes. */
export class RulesInForce {
  readonly #content: Content;
  readonly #parsed = new ByteCache<string, SiteRules>({
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
    if (known !== undefined) return known;
    const rules = siteRules(this.#text(headers), this.#text(redirects));
    this.#parsed.set(key, rules);
    return rules;
  }

  #text(entry: Entry | undefined): string {
    if (entry === undefined || entry.size > MOST_RULE_BYTES) return '';
    return this.#content.bytes(entry).toString('utf8');
  }
}
