import { type PathPattern, pathPattern } from './path-pattern.ts';
import { lineFault, MOST_RULES, type RuleFault, type RuleLine, ruleLines } from './rule-lines.ts';

export const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;
const PAGE_STATUSES = [200, 404, 410] as const;

export interface RedirectRule {
  readonly pattern: PathPattern;
  /** A path of the site or, for a redirect, a URL; it may name placeholders of the pattern. */
  readonly target: string;
  /** Of a redirect, or of the page that answers in place of what was asked for. */
  readonly status: (typeof REDIRECT_STATUSES)[number] | (typeof PAGE_STATUSES)[number];
  /** Goes before what is published under the path. */
  readonly isForced: boolean;
}

const STATUSES = new Set<number>([...REDIRECT_STATUSES, ...PAGE_STATUSES]);
const isRedirect = (status: number) => (REDIRECT_STATUSES as readonly number[]).includes(status);

/** Reads a `_redirects` file: `FROM TO [STATUS][!]` a line, 301 when no status is given. */
export function parseRedirects(content: string): { rules: RedirectRule[]; faults: RuleFault[] } {
  const rules: RedirectRule[] = [];
  const faults: RuleFault[] = [];
  for (const line of ruleLines(content)) {
    const rule = redirect(line);
    if (typeof rule === 'string') faults.push({ line: line.number, fault: rule });
    else if (rules.length === MOST_RULES)
      faults.push({ line: line.number, fault: `there are more than ${MOST_RULES} rules` });
    else rules.push(rule);
  }
  return { rules, faults };
}

function redirect(line: RuleLine): RedirectRule | string {
  const fault = lineFault(line);
  if (fault !== undefined) return fault;
  const [from = '', target, code, ...more] = line.text.replace(/\s+#.*$/, '').split(/\s+/);
  if (target === undefined) return 'a rule is FROM TO [STATUS]';
  if (/^[A-Za-z_]\w*=/.test(target) || more.length > 0 || code?.includes('='))
    return 'query parameters and conditions are not supported; a rule is FROM TO [STATUS]';
  const pattern = pathPattern(from);
  if ('fault' in pattern) return pattern.fault;
  const [, digits, forced] = /^([0-9]{3})(!)?$/.exec(code ?? '301') ?? [];
  const status = Number(digits) as RedirectRule['status'];
  if (!STATUSES.has(status)) return `${code} is no status of a rule; use ${[...STATUSES].join(', ')}`;
  return targetFault(target, status, pattern) ?? { pattern, target, status, isForced: forced !== undefined };
}

function targetFault(target: string, status: number, pattern: PathPattern): string | undefined {
  const isPath = /^\/(?!\/)/.test(target);
  const isUrl = /^https?:\/\/[^/:?#]/i.test(target) && URL.canParse(target);
  if (!isPath && !isUrl) return `${target} is neither a path that begins with / nor a URL`;
  if (!isPath && !isRedirect(status))
    return `a rule with ${status} answers with a page of this site, not ${target}`;
  if (!isRedirect(status) && /[?#]/.test(target)) return `${target} must be a path without query or fragment`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x20\x7f"<>\\^`{|}]/.test(target)) return `${target} has characters that no URL can have`;
  const path = isUrl ? target.replace(/^https?:\/\/[^/?#]*/i, '') : target;
  const unknown = [...path.matchAll(/:([A-Za-z]\w*)/g)].find(
    ([, name = '']) => !pattern.names.includes(name),
  );
  if (unknown !== undefined) return `${unknown[0]} stands for nothing: ${pattern.text} does not have it`;
  return undefined;
}
