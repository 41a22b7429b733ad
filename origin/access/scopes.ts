import { SkerryError } from '../../shared/errors.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import { isDomainPattern } from '../domains/domain-name.ts';
import type { DomainRights } from '../domains/rights.ts';

/** One right of an API token. A token may have several. */
export type Scope = 'admin' | 'read' | 'join' | `publish:${string}` | `domains:${string}`;

const MOST_SCOPES = 20;
const name = new RegExp(NAME_PATTERN);

/** Parses scopes with commas between them. Throws `bad-scope`. */
export function parseScopes(text: string): readonly Scope[] {
  const scopes = text.split(',', MOST_SCOPES + 1).map(parseScope);
  if (scopes.length > MOST_SCOPES)
    throw new SkerryError('bad-scope', `a token has at most ${MOST_SCOPES} scopes`);
  // A join token has another form, and joining uses it up, so it has no other scope.
  if (scopes.length > 1 && scopes.includes('join'))
    throw new SkerryError('bad-scope', 'the scope join cannot be combined with others');
  return scopes;
}

function parseScope(text: string): Scope {
  if (text === 'admin' || text === 'read' || text === 'join') return text;
  const [, kind, of = ''] = /^(publish|domains):(.*)$/.exec(text) ?? [];
  if (kind === 'publish' && name.test(of)) return `publish:${of}`;
  if (kind === 'domains' && isDomainPattern(of)) return `domains:${of}`;
  throw new SkerryError('bad-scope', `there is no scope ${JSON.stringify(text)}`);
}

export function domainRights(scopes: readonly Scope[]): DomainRights {
  if (scopes.includes('admin')) return 'all';
  return scopes.flatMap((scope) => (scope.startsWith('domains:') ? [scope.slice('domains:'.length)] : []));
}
