import { pathFault } from '../../shared/content/content-path.ts';
import { SkerryError } from '../../shared/errors.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import { isDomainPattern } from '../domains/domain-name.ts';
import type { DomainRights } from '../domains/rights.ts';

/** One right of an API token. A token may have several. */
export type Scope = 'admin' | 'read' | 'join' | `read:${string}` | `publish:${string}` | `domains:${string}`;

const MOST_SCOPES = 20;
const name = new RegExp(NAME_PATTERN);
/** `publish:SITE`, `publish:SITE/FOLDER/` or `publish:SITE@PATTERN`, without the first word. */
const PUBLISH = /^([^/@]*)(?:\/(.*)|@(.*))?$/;
const ALIAS_PATTERN = /^[a-z0-9-]*\*?[a-z0-9-]*$/;

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
  const [, kind, of = ''] = /^(read|publish|domains):(.*)$/.exec(text) ?? [];
  if (kind === 'read' && name.test(of)) return `read:${of}`;
  if (kind === 'publish' && publishScope(of) !== undefined) return `publish:${of}`;
  if (kind === 'domains' && isDomainPattern(of)) return `domains:${of}`;
  throw new SkerryError('bad-scope', `there is no scope ${JSON.stringify(text)}`);
}

/** What a scope `publish:…` covers. A folder is a content path that ends with `/`. */
export type PublishScope =
  | { readonly kind: 'site'; readonly site: string }
  | { readonly kind: 'folder'; readonly site: string; readonly folder: string }
  | { readonly kind: 'aliases'; readonly site: string; readonly pattern: string };

/** Parses the part after `publish:`. Undefined when it is not well-formed. */
export function publishScope(text: string): PublishScope | undefined {
  const [, site = '', folder, pattern] = PUBLISH.exec(text) ?? [];
  if (!name.test(site)) return undefined;
  if (folder !== undefined) {
    const isFolder = folder.endsWith('/') && pathFault(folder.slice(0, -1)) === undefined;
    return isFolder ? { kind: 'folder', site, folder } : undefined;
  }
  if (pattern === undefined) return { kind: 'site', site };
  return pattern !== '' && ALIAS_PATTERN.test(pattern) ? { kind: 'aliases', site, pattern } : undefined;
}

export function domainRights(scopes: readonly Scope[]): DomainRights {
  if (scopes.includes('admin')) return 'all';
  return scopes.flatMap((scope) => (scope.startsWith('domains:') ? [scope.slice('domains:'.length)] : []));
}
