import { type PathPattern, pathPattern } from './path-pattern.ts';
import { lineFault, MOST_RULES, type RuleFault, ruleLines } from './rule-lines.ts';

export interface HeaderRule {
  readonly pattern: PathPattern;
  /** Lower-case names and their values, in the order of the file; a value may name placeholders. */
  readonly set: readonly (readonly [name: string, value: string])[];
  /** Names of headers that are not sent. */
  readonly removed: readonly string[];
}

/** What the server itself must say, for the bytes that it sends and the connection that they take. */
const RESERVED = new Set([
  ...['connection', 'content-encoding', 'content-length', 'content-range', 'date', 'etag', 'host'],
  ...['keep-alive', 'last-modified', 'location', 'accept-ranges', 'proxy-connection', 'repr-digest'],
  ...['skerry-revision', 'cache-status', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'vary'],
  // HTTP/2 knows no such field, and Node throws for it.
  'http2-settings',
]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads a `_headers` file: a path in a line of its own, then indented lines, `Name: value` or `! Name`, for the
 * header that other rules or the server's defaults would set.
 */
export function parseHeaders(content: string): { rules: HeaderRule[]; faults: RuleFault[] } {
  const rules: { pattern: PathPattern; set: [string, string][]; removed: string[] }[] = [];
  const faults: RuleFault[] = [];
  let isSkipping = false;
  for (const line of ruleLines(content)) {
    const note = (fault: string) => faults.push({ line: line.number, fault });
    const bad = lineFault(line);
    if (bad !== undefined) {
      note(bad);
    } else if (!line.isIndented) {
      const pattern = pathPattern(line.text);
      isSkipping = 'fault' in pattern;
      if ('fault' in pattern) note(pattern.fault);
      else if (rules.length === MOST_RULES) note(`there are more than ${MOST_RULES} rules`);
      else rules.push({ pattern, set: [], removed: [] });
    } else if (!isSkipping) {
      const rule = rules.at(-1);
      const read =
        rule === undefined ? 'a header stands before the first path' : header(line.text, rule.pattern);
      if (rule === undefined || typeof read === 'string') note(String(read));
      else if ('removed' in read) rule.removed.push(read.removed);
      else rule.set.push([read.name, read.value]);
    }
  }
  return { rules, faults };
}

function header(
  text: string,
  pattern: PathPattern,
): string | { readonly removed: string } | { readonly name: string; readonly value: string } {
  const isRemoval = text.startsWith('!');
  const colon = text.indexOf(':');
  if (!isRemoval && colon === -1) return `${JSON.stringify(text)} is not a header; write Name: value`;
  const name = (isRemoval ? text.slice(1) : text.slice(0, colon)).trim().toLowerCase();
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is no name for a header`;
  if (RESERVED.has(name)) return `${name} is set by the server itself`;
  if (isRemoval) return { removed: name };
  const value = text.slice(colon + 1).trim();
  if (value === '') return `${name} has no value`;
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    return `the value of ${name} has characters that no header can have`;
  if (/:splat\b/.test(value) && !pattern.names.includes('splat'))
    return `:splat stands for nothing: ${pattern.text} has no *`;
  return { name, value };
}
