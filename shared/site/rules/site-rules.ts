import { type HeaderRule, parseHeaders, weight } from './headers-file.ts';
import { LONGEST_FILLED_VALUE, MOST_HEAD_BYTES } from './limits.ts';
import { type Captures, type PathPattern, trimSlash } from './path-pattern.ts';
import { parseRedirects, type RedirectRule } from './redirects-file.ts';

/** The compiled rules of a site. Their paths begin with a slash and are decoded. */
export interface SiteRules {
  headers(path: string): HeaderEffects;
  /** The first redirect rule that matches. */
  redirect(path: string): RedirectMatch | undefined;
  /** Roughly the memory that the rules take. */
  readonly bytes: number;
}

export interface HeaderEffects {
  /** The headers by lower-case name. When several rules set one header, their values are joined. */
  readonly set: ReadonlyMap<string, string>;
  /** Headers that are not sent unless a later rule sets them. */
  readonly removed: ReadonlySet<string>;
  /**
   * The reason why `set` and `removed` are empty, if the headers of the rules are too long. In that case none of them
   * is sent. Otherwise a long address could displace the header that protects the page.
   */
  readonly excess: Excess | undefined;
}

/**
 * `address`: the headers are too long once parts of the request are filled in. `rules`: they are too long even without
 * these parts.
 */
export type Excess = 'address' | 'rules';

export interface RedirectMatch {
  readonly rule: RedirectRule;
  readonly captures: Captures;
}

/** The memory of a rule and of a header line as objects in V8, besides their text. */
const RULE_BYTES = 1024;
const LINE_BYTES = 150;

/**
 * Compiles both files. Invalid lines are ignored, because they may have been published before such lines were checked.
 */
export function siteRules(headersFile: string, redirectsFile: string): SiteRules {
  const headers = parseHeaders(headersFile).rules;
  const redirects = parseRedirects(redirectsFile).rules;
  const lines = headers.reduce((sum, { set, removed }) => sum + set.length + removed.length, 0);
  const headerRules = indexed(headers);
  const redirectRules = indexed(redirects);
  return {
    bytes:
      2 * (headersFile.length + redirectsFile.length) +
      RULE_BYTES * (headers.length + redirects.length) +
      LINE_BYTES * lines,
    headers: (path) => effectsOf(headerRules.matches(path)),
    redirect: (path) => redirectRules.matches(path).next().value,
  };
}

type Match<R> = { readonly rule: R; readonly captures: Captures };

/** The effects of a `_headers` file on some headers. Rules about other headers are skipped. */
export function headersNamed(headersFile: string, names: readonly string[]): (path: string) => HeaderEffects {
  const rules = parseHeaders(headersFile)
    .rules.map(({ pattern, set, removed }) => ({
      pattern,
      set: set.filter(([name]) => names.includes(name)),
      removed: removed.filter((name) => names.includes(name)),
    }))
    .filter(({ set, removed }) => set.length + removed.length > 0);
  const chosen = indexed(rules);
  return (path) => effectsOf(chosen.matches(path));
}

function effectsOf(matches: Iterable<Match<HeaderRule>>): HeaderEffects {
  const head = new Head();
  for (const { rule, captures } of matches) {
    const excess = head.add(rule, captures);
    if (excess !== undefined) return { set: new Map(), removed: new Set(), excess };
  }
  return { set: head.set, removed: head.removed, excess: undefined };
}

/** The effects on one path of the rules so far. */
class Head {
  readonly set = new Map<string, string>();
  readonly removed = new Set<string>();
  #fixedBytes = 0;
  #bytes = 0;

  /** Adds a rule. Returns the reason when the headers become too long. */
  add(rule: HeaderRule, captures: Captures): Excess | undefined {
    for (const name of rule.removed) {
      this.#count(weight(name, undefined), 0);
      this.set.delete(name);
      this.removed.add(name);
    }
    for (const [name, value] of rule.set) {
      const text = value.fill(captures, encoded, LONGEST_FILLED_VALUE);
      if (text === undefined) return 'address';
      this.#count(weight(name, value), value.isFixed ? 0 : text.length);
      const before = this.set.get(name);
      this.set.set(name, before === undefined ? text : `${before}, ${text}`);
      // Stops here, because otherwise strings that are never sent would be kept in memory.
      if (this.#bytes > MOST_HEAD_BYTES) break;
    }
    if (this.#bytes <= MOST_HEAD_BYTES) return undefined;
    return this.#fixedBytes > MOST_HEAD_BYTES ? 'rules' : 'address';
  }

  #count(fixed: number, filled: number): void {
    this.#fixedBytes += fixed;
    this.#bytes += fixed + filled;
  }
}

/** Captures come from a request. Characters that no header may contain are percent-encoded. */
function encoded(capture: string): string {
  return encodeURI(capture.toWellFormed());
}

/**
 * Finds the matching rules in the order of the file. Rules without placeholders, which are most of them, are looked up.
 */
function indexed<R extends { readonly pattern: PathPattern }>(
  rules: readonly R[],
): { matches(path: string): Generator<Match<R>, undefined> } {
  const byPath = new Map<string, number[]>();
  const dynamic: number[] = [];
  for (const [at, { pattern }] of rules.entries()) {
    if (pattern.only === undefined) dynamic.push(at);
    else {
      const others = byPath.get(pattern.only);
      if (others === undefined) byPath.set(pattern.only, [at]);
      else others.push(at);
    }
  }
  return {
    *matches(path) {
      for (const at of inOrder(dynamic, byPath.get(trimSlash(path)) ?? [])) {
        const rule = rules[at];
        const captures = rule?.pattern.match(path);
        if (rule !== undefined && captures !== undefined) yield { rule, captures };
      }
      return undefined;
    },
  };
}

/** Merges two ascending lists. */
function* inOrder(a: readonly number[], b: readonly number[]): Generator<number> {
  let i = 0;
  for (const next of b) {
    for (let other = a[i]; other !== undefined && other < next; other = a[++i]) yield other;
    yield next;
  }
  for (let other = a[i]; other !== undefined; other = a[++i]) yield other;
}
