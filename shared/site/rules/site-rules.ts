import { type HeaderRule, parseHeaders, weight } from './headers-file.ts';
import { LONGEST_FILLED_VALUE, MOST_HEAD_BYTES } from './limits.ts';
import { type Captures, type PathPattern, trimSlash } from './path-pattern.ts';
import { parseRedirects, type RedirectRule } from './redirects-file.ts';

/** What the rules of a site say about a path, which begins with a slash and is decoded. */
export interface SiteRules {
  headers(path: string): HeaderEffects;
  /** The first redirect rule that matches. */
  redirect(path: string): RedirectMatch | undefined;
  /** What they take in memory, roughly. */
  readonly bytes: number;
}

export interface HeaderEffects {
  /** Lower-case names; several rules that set one name add to each other. */
  readonly set: ReadonlyMap<string, string>;
  /** Headers that are not sent unless a later rule sets them. */
  readonly removed: ReadonlySet<string>;
  /**
   * Why `set` and `removed` are empty: nothing is left out alone, since what a long address drives out could be what
   * protects the page.
   */
  readonly excess: Excess | undefined;
}

/** `address`: the rules say too much with what is filled in from the request; `rules`: they do so without it. */
export type Excess = 'address' | 'rules';

export interface RedirectMatch {
  readonly rule: RedirectRule;
  readonly captures: Captures;
}

/** A rule and a line of headers as objects of V8, beside their text. */
const RULE_BYTES = 1024;
const LINE_BYTES = 150;

/** Lines that are not understood count for nothing: they were published before they were checked. */
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

/** What a `_headers` file says of some headers: rules that say nothing of them cost nothing. */
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

/** What rules have said of one path so far. */
class Head {
  readonly set = new Map<string, string>();
  readonly removed = new Set<string>();
  #fixedBytes = 0;
  #bytes = 0;

  /** Why it is too much. */
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
      // Ropes of strings that are never sent would still be held.
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

/** Captures come from a request: what no header may carry is percent-encoded. */
function encoded(capture: string): string {
  return encodeURI(capture.toWellFormed());
}

/** Rules in the order of the file; those without placeholders, which are most, are looked up. */
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

/** Two ascending lists as one. */
function* inOrder(a: readonly number[], b: readonly number[]): Generator<number> {
  let i = 0;
  for (const next of b) {
    for (let other = a[i]; other !== undefined && other < next; other = a[++i]) yield other;
    yield next;
  }
  for (let other = a[i]; other !== undefined; other = a[++i]) yield other;
}
