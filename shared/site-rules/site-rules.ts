import { type HeaderRule, parseHeaders } from './headers-file.ts';
import { type Captures, trimSlash } from './path-pattern.ts';
import { parseRedirects, type RedirectRule } from './redirects-file.ts';

/** What the rules of a site say about a path, which begins with a slash and is decoded. */
export interface SiteRules {
  headers(path: string): HeaderEffects;
  /** The first redirect rule that matches. */
  redirect(path: string): RedirectMatch | undefined;
}

export interface HeaderEffects {
  /** Lower-case names; several rules that set one name add to each other. */
  readonly set: ReadonlyMap<string, string>;
  /** Headers that are not sent unless a later rule sets them. */
  readonly removed: ReadonlySet<string>;
}

export interface RedirectMatch {
  readonly rule: RedirectRule;
  readonly captures: Captures;
}

/** Lines that are not understood count for nothing: they were published before they were checked. */
export function siteRules(headersFile: string, redirectsFile: string): SiteRules {
  const headerRules = indexed(parseHeaders(headersFile).rules);
  const redirectRules = indexed(parseRedirects(redirectsFile).rules);
  return {
    headers(path) {
      const set = new Map<string, string>();
      const removed = new Set<string>();
      for (const { rule, captures } of headerRules.matches(path)) apply(rule, captures, set, removed);
      return { set, removed };
    },
    redirect: (path) => redirectRules.matches(path).next().value,
  };
}

function apply(rule: HeaderRule, captures: Captures, set: Map<string, string>, removed: Set<string>): void {
  for (const name of rule.removed) {
    set.delete(name);
    removed.add(name);
  }
  for (const [name, template] of rule.set) {
    const value = headerValue(template, captures);
    const before = set.get(name);
    set.set(name, before === undefined ? value : `${before}, ${value}`);
  }
}

/** Captures come from a request: what no header may carry is percent-encoded. */
function headerValue(template: string, captures: Captures): string {
  return fill(template, captures, (capture) => encodeURI(capture.toWellFormed()));
}

/** A template with its placeholders replaced; those that stand for nothing are text. */
export function fill(template: string, captures: Captures, encode: (capture: string) => string): string {
  return template.replace(/:([A-Za-z]\w*)/g, (placeholder, name: string) => {
    const capture = Object.hasOwn(captures, name) ? captures[name] : undefined;
    return capture === undefined ? placeholder : encode(capture);
  });
}

interface Rule {
  readonly pattern: HeaderRule['pattern'];
}

/** Rules in the order of the file; those without placeholders, which are most, are looked up. */
function indexed<R extends Rule>(
  rules: readonly R[],
): { matches(path: string): Generator<{ rule: R; captures: Captures }, undefined> } {
  const byPath = new Map<string, number[]>();
  const dynamic: number[] = [];
  rules.forEach(({ pattern }, at) => {
    if (pattern.only === undefined) dynamic.push(at);
    else byPath.set(pattern.only, [...(byPath.get(pattern.only) ?? []), at]);
  });
  return {
    *matches(path) {
      const exact = byPath.get(trimSlash(path)) ?? [];
      const candidates = exact.length === 0 ? dynamic : [...dynamic, ...exact].sort((a, b) => a - b);
      for (const at of candidates) {
        const rule = rules[at];
        const captures = rule?.pattern.match(path);
        if (rule !== undefined && captures !== undefined) yield { rule, captures };
      }
      return undefined;
    },
  };
}
