import { type PathPattern, pathPattern } from './path-pattern.ts';
import { lineFault, type RuleFault, type RuleLine, RuleList, ruleLines } from './rule-lines.ts';
import { type Template, template } from './template.ts';

const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;
const PAGE_STATUSES = [200, 404, 410] as const;

export interface RedirectRule {
  readonly pattern: PathPattern;
  readonly target: Target;
  /** The status of a redirect, or of the page that is served in place of the requested one. */
  readonly status: (typeof REDIRECT_STATUSES)[number] | (typeof PAGE_STATUSES)[number];
  /** A forced rule takes precedence over what is published at the path. */
  readonly isForced: boolean;
}

/** A path of the site or, for a redirect, a URL. The part after the host may contain placeholders of the pattern. */
interface Target {
  readonly text: string;
  /** Scheme and host. Empty for a path. */
  readonly authority: string;
  readonly rest: Template;
  /** Whether the target has a query of its own. */
  readonly hasQuery: boolean;
}

const STATUSES = new Set<number>([...REDIRECT_STATUSES, ...PAGE_STATUSES]);
const isRedirect = (status: number) => (REDIRECT_STATUSES as readonly number[]).includes(status);

/** Parses a `_redirects` file. Each line is `FROM TO [STATUS][!]`; the default status is 301. */
export function parseRedirects(content: string): { rules: RedirectRule[]; faults: RuleFault[] } {
  const list = new RuleList<RedirectRule>();
  for (const line of ruleLines(content)) {
    if (list.isFull) {
      list.tooMany(line.number);
      break;
    }
    const rule = redirect(line);
    if (typeof rule === 'string') list.note(rule, line.number);
    else list.add(rule, line.number);
  }
  return list;
}

function redirect(line: RuleLine): RedirectRule | string {
  const fault = lineFault(line);
  if (fault !== undefined) return fault;
  const [from = '', target, code, ...more] = withoutComment(line.text).split(/\s+/);
  if (target === undefined) return 'a rule is FROM TO [STATUS]';
  if (/^[A-Za-z_]\w*=/.test(target) || more.length > 0 || code?.includes('='))
    return 'query parameters and conditions are not supported; a rule is FROM TO [STATUS]';
  const pattern = pathPattern(from);
  if ('fault' in pattern) return pattern.fault;
  const [, digits, forced] = /^([0-9]{3})(!)?$/.exec(code ?? '301') ?? [];
  const status = Number(digits) as RedirectRule['status'];
  if (!STATUSES.has(status)) return `${code} is no status of a rule; use ${[...STATUSES].join(', ')}`;
  const read = targetOf(target, status, pattern);
  return typeof read === 'string' ? read : { pattern, target: read, status, isForced: forced !== undefined };
}

/** Reads each character only once, because a line may have thousands of spaces. */
function withoutComment(text: string): string {
  const comment = text.search(/\s#/);
  return comment === -1 ? text : text.slice(0, comment).trimEnd();
}

function targetOf(target: string, status: number, pattern: PathPattern): Target | string {
  const isPath = /^\/(?!\/)/.test(target);
  const isUrl = /^https?:\/\/[^/:?#]/i.test(target) && URL.canParse(target);
  if (!isPath && !isUrl) return `${target} is neither a path that begins with / nor a URL`;
  if (!isPath && !isRedirect(status))
    return `a rule with ${status} answers with a page of this site, not ${target}`;
  if (!isRedirect(status) && /[?#]/.test(target)) return `${target} must be a path without query or fragment`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x20\x7f"<>\\^`{|}]/.test(target)) return `${target} has characters that no URL can have`;
  const [authority = ''] = (isUrl && /^https?:\/\/[^/?#]*/i.exec(target)) || [];
  const path = target.slice(authority.length);
  const unknown = [...path.matchAll(/:([A-Za-z]\w*)/g)].find(
    ([, name = '']) => !pattern.names.includes(name),
  );
  if (unknown !== undefined) return `${unknown[0]} stands for nothing: ${pattern.text} does not have it`;
  // A page is looked up by its decoded path.
  const decoded = isRedirect(status) ? path : decode(path);
  if (decoded === undefined) return `${target} is not correctly percent-encoded`;
  const rest = template(decoded, pattern.names);
  if ('fault' in rest) return rest.fault;
  return { text: target, authority, rest, hasQuery: path.includes('?') };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
