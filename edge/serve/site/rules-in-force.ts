import type { Entry } from '../../../shared/content/entry.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import { MOST_RULE_BYTES } from '../../../shared/site/rules/limits.ts';
import { HEADERS_FILE, REDIRECTS_FILE } from '../../../shared/site/rules/rule-lines.ts';
import { type SiteRules, siteRules } from '../../../shared/site/rules/site-rules.ts';
import type { Content } from '../bytes/content.ts';

/** The memory for rules. It is several times the size of the largest rules that a site may have. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * The rules of each site at each revision. They are read when they are first needed, and again when one of their files
 * changes.
 */
export class RulesInForce {
  readonly #content: Pick<Content, 'entry' | 'bytes'>;
  readonly #parsed = new ByteCache<string, SiteRules>({
    bytes: MEMORY_BYTES,
    sizeOf: ({ bytes }) => bytes,
  });

  constructor(content: Pick<Content, 'entry' | 'bytes'>) {
    this.#content = content;
  }

  /** The rules. Undefined if a file cannot be read, because a site is not served without its rules. */
  at(site: number, revision: number): SiteRules | undefined {
    const headers = this.#content.entry(site, revision, HEADERS_FILE);
    const redirects = this.#content.entry(site, revision, REDIRECTS_FILE);
    const key = `${headers?.digest} ${redirects?.digest}`;
    return this.#parsed.get(key) ?? this.#read(key, headers, redirects);
  }

  #read(key: string, headers: Entry | undefined, redirects: Entry | undefined): SiteRules | undefined {
    const headerText = this.#text(headers);
    const redirectText = this.#text(redirects);
    if (headerText === undefined || redirectText === undefined) return undefined;
    const rules = siteRules(headerText, redirectText);
    this.#parsed.set(key, rules);
    return rules;
  }

  /** The text of a file. Empty if there is no such file. */
  #text(entry: Entry | undefined): string | undefined {
    if (entry === undefined || entry.size > MOST_RULE_BYTES) return '';
    return this.#content.bytes(entry)?.toString('utf8');
  }
}
