import { FIELD_BYTES, MOST_HEAD_BYTES, MOST_HEADER_LINES } from './limits.ts';
import { type PathPattern, pathPattern } from './path-pattern.ts';
import { lineFault, type RuleFault, RuleList, ruleLines } from './rule-lines.ts';
import { type Template, template } from './template.ts';

export interface HeaderRule {
  readonly pattern: PathPattern;
  /** Lower-case names with their values, in the order of the file. */
  readonly set: readonly (readonly [name: string, value: Template])[];
  /** Names of headers that are not sent. */
  readonly removed: readonly string[];
}

/** Headers that only the server sets: they describe the bytes that it sends and the connection. */
const RESERVED = new Set([
  ...['connection', 'content-encoding', 'content-length', 'content-range', 'date', 'etag', 'host'],
  ...['keep-alive', 'last-modified', 'location', 'accept-ranges', 'proxy-connection', 'repr-digest'],
  ...['skerry-revision', 'cache-status', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'vary'],
  // HTTP/2 has no such field, and Node throws for it.
  'http2-settings',
]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Parses a `_headers` file. A line that is not indented is a path. The indented lines below it are `Name: value`, or `!
 * Name` to remove a header that other rules or the server's defaults would set.
 */
export function parseHeaders(content: string): { rules: HeaderRule[]; faults: RuleFault[] } {
  const list = new RuleList<OpenRule>();
  const weights = new Weights();
  let lines = 0;
  /** The rule that the next indented lines belong to. Null after a rule that was refused. */
  let open: OpenRule | null | undefined;
  for (const line of ruleLines(content)) {
    const note = (fault: string) => list.note(fault, line.number);
    const bad = lineFault(line);
    if (bad !== undefined) {
      note(bad);
    } else if (!line.isIndented) {
      if (list.isFull) {
        list.tooMany(line.number);
        break;
      }
      const pattern = pathPattern(line.text);
      open = 'fault' in pattern ? null : { pattern, set: [], removed: [] };
      if ('fault' in pattern) note(pattern.fault);
      else if (open !== null && !list.add(open, line.number)) open = null;
    } else if (open === undefined) {
      note('a header stands before the first path');
    } else if (open !== null) {
      const read = header(line.text, open.pattern);
      if (typeof read === 'string') note(read);
      else if (++lines > MOST_HEADER_LINES) note(`there are more than ${MOST_HEADER_LINES} lines of headers`);
      else if (!weights.allow(open.pattern, read)) note(TOO_MUCH);
      else if ('removed' in read) open.removed.push(read.removed);
      else open.set.push([read.name, read.value]);
    }
  }
  return list;
}

interface OpenRule extends HeaderRule {
  readonly set: [string, Template][];
  readonly removed: string[];
}

type HeaderLine = { readonly removed: string } | { readonly name: string; readonly value: Template };

const TOO_MUCH = `the rules for this path set more than the ${MOST_HEAD_BYTES} bytes of headers that an answer may have`;

/** The bytes that a line adds to the head of a response, without the parts that are filled in from a request. */
export function weight(name: string, value: Template | undefined): number {
  return FIELD_BYTES + name.length + (value?.isFixed ? value.text.length : 0);
}

/** Adds up the lengths of the headers of one path and of all paths, as far as they are known before any request. */
class Weights {
  readonly #ofPaths = new Map<string, number>();
  #ofAll = 0;
  #mostOfOne = 0;

  allow({ only, text }: PathPattern, line: HeaderLine): boolean {
    const added = 'removed' in line ? weight(line.removed, undefined) : weight(line.name, line.value);
    if (text === EVERYTHING) {
      this.#ofAll += added;
    } else {
      const path = only ?? text;
      const sum = (this.#ofPaths.get(path) ?? 0) + added;
      this.#ofPaths.set(path, sum);
      this.#mostOfOne = Math.max(this.#mostOfOne, sum);
      return sum + this.#ofAll <= MOST_HEAD_BYTES;
    }
    return this.#mostOfOne + this.#ofAll <= MOST_HEAD_BYTES;
  }
}

const EVERYTHING = '/*';

function header(text: string, pattern: PathPattern): string | HeaderLine {
  const isRemoval = text.startsWith('!');
  const colon = text.indexOf(':');
  if (!isRemoval && colon === -1) return `${JSON.stringify(text)} is not a header; write Name: value`;
  const name = (isRemoval ? text.slice(1) : text.slice(0, colon)).trim().toLowerCase();
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is no name for a header`;
  if (RESERVED.has(name)) return `${name} is set by the server itself`;
  // Other hosting services read this field as a list of user names and passwords. As a header, it would show them to
  // every reader.
  if (name === 'basic-auth')
    return 'Basic-Auth protects nothing here; see --private-path and --signing-key in `skerry help sites set`';
  if (isRemoval) return { removed: name };
  const value = text.slice(colon + 1).trim();
  if (value === '') return `${name} has no value`;
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    return `the value of ${name} has characters that no header can have`;
  if (/:splat\b/.test(value) && !pattern.names.includes('splat'))
    return `:splat stands for nothing: ${pattern.text} has no *`;
  const filled = template(value, pattern.names);
  return 'fault' in filled ? `the value of ${name}: ${filled.fault}` : { name, value: filled };
}
