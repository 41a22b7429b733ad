import type { ContentPath } from '../content-path.ts';

/** The files at the root of a site that configure how it is served. They are not served themselves. */
export const HEADERS_FILE = '_headers' as ContentPath;
export const REDIRECTS_FILE = '_redirects' as ContentPath;
export const RULE_FILES: readonly ContentPath[] = [HEADERS_FILE, REDIRECTS_FILE];
export const isRuleFile = (path: string) => path === HEADERS_FILE || path === REDIRECTS_FILE;

/** Bytes of such a file, and rules in it. */
export const MOST_RULE_BYTES = 512 * 1024;
export const MOST_RULES = 4000;
const LONGEST_LINE = 4000;

export interface RuleLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly isIndented: boolean;
}

/** What is wrong, and in which line. */
export interface RuleFault {
  readonly line: number;
  readonly fault: string;
}

/** The lines that say something: no comments, no empty ones. */
export function ruleLines(content: string): RuleLine[] {
  return content
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((text, i) => ({ number: i + 1, text: text.trim(), isIndented: /^[ \t]/.test(text) }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
}

export function lineFault({ text }: RuleLine): string | undefined {
  if (text.length > LONGEST_LINE) return `the line is longer than ${LONGEST_LINE} characters`;
  if (text.includes('\uFFFD')) return 'the line is not UTF-8';
  return undefined;
}
