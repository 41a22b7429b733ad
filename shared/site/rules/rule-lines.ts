import type { ContentPath } from '../../content/content-path.ts';
import { LONGEST_LINE, MOST_FAULTS, MOST_PATTERNS, MOST_RULES } from './limits.ts';
import type { PathPattern } from './path-pattern.ts';

/** The files at the root of a site that configure how it is served. They are not served themselves. */
export const HEADERS_FILE = '_headers' as ContentPath;
export const REDIRECTS_FILE = '_redirects' as ContentPath;
export const RULE_FILES: readonly ContentPath[] = [HEADERS_FILE, REDIRECTS_FILE];
export const isRuleFile = (path: string) => path === HEADERS_FILE || path === REDIRECTS_FILE;

export interface RuleLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  readonly isIndented: boolean;
}

/** A fault and its line. */
export interface RuleFault {
  readonly line: number;
  readonly fault: string;
}

/** The lines that are neither empty nor comments. */
export function* ruleLines(content: string): Generator<RuleLine, undefined> {
  let number = 0;
  for (const [whole] of content.replace(/^\uFEFF/, '').matchAll(/[^\r\n]*(\r\n|\n|\r|$)/g)) {
    number++;
    const text = whole.trim();
    if (text !== '' && !text.startsWith('#')) yield { number, text, isIndented: /^[ \t]/.test(whole) };
  }
  return undefined;
}

export function lineFault({ text }: RuleLine): string | undefined {
  if (text.length > LONGEST_LINE) return `the line is longer than ${LONGEST_LINE} characters`;
  if (text.includes('\uFFFD')) return 'the line is not UTF-8';
  return undefined;
}

/** The valid rules, up to the limit for a file, and the first faults of the others. */
export class RuleList<R extends { readonly pattern: PathPattern }> {
  readonly rules: R[] = [];
  readonly faults: RuleFault[] = [];
  #patterns = 0;

  /** Whether the file has as many rules as it may have. A parser can stop at the next rule. */
  get isFull(): boolean {
    return this.rules.length === MOST_RULES;
  }

  tooMany(line: number): void {
    this.note(`there are more than ${MOST_RULES} rules`, line);
  }

  /** False when the file has too many rules that are compared with every request. */
  add(rule: R, line: number): boolean {
    const isPattern = rule.pattern.only === undefined;
    if (isPattern && this.#patterns === MOST_PATTERNS) {
      this.note(`there are more than ${MOST_PATTERNS} rules with placeholders or a *`, line);
      return false;
    }
    this.rules.push(rule);
    if (isPattern) this.#patterns++;
    return true;
  }

  note(fault: string, line: number): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push({ line, fault });
  }
}
