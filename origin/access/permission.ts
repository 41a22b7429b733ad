import { SkerryError } from '../../shared/errors.ts';
import { publishScope, type Scope } from './scopes.ts';

/** A permission that a request needs. */
export type Need =
  | { readonly kind: 'admin' }
  /** The right to read everything, including the log. */
  | { readonly kind: 'read' }
  /** The right to see the state of the sites that the caller may read, and of their edges. */
  | { readonly kind: 'overview' }
  /**
   * `publish` is the right to everything that concerns the site, and `upload` to any part of that. `purge` is the right to
   * purge the site or a folder of it; purge-limits.ts decides which purges are within that.
   */
  | { readonly kind: 'read-site' | 'publish' | 'upload' | 'purge'; readonly site: string }
  /** The right to change this path, or the paths in this folder. */
  | { readonly kind: 'change'; readonly site: string; readonly path: string }
  | { readonly kind: 'alias'; readonly site: string; readonly alias: string };

/** What the scopes let a caller publish to one site. */
export interface PublishRights {
  readonly isWhole: boolean;
  /** The folders whose files it may change. Each ends with `/`. */
  readonly folders: readonly string[];
  /** The patterns of the aliases that it may set, and at which it may publish drafts. */
  readonly aliases: readonly string[];
}

export function publishRights(scopes: readonly Scope[], site: string): PublishRights {
  const own = publishScopes(scopes).filter((scope) => scope.site === site);
  return {
    isWhole: scopes.includes('admin') || own.some(({ kind }) => kind === 'site'),
    folders: own.flatMap((scope) => (scope.kind === 'folder' ? [scope.folder] : [])),
    aliases: own.flatMap((scope) => (scope.kind === 'aliases' ? [scope.pattern] : [])),
  };
}

function publishScopes(scopes: readonly Scope[]) {
  return scopes.flatMap((scope) => {
    const [, of] = /^publish:(.*)$/s.exec(scope) ?? [];
    const parsed = of === undefined ? undefined : publishScope(of);
    return parsed === undefined ? [] : [parsed];
  });
}

/**
 * The sites that a caller with these scopes may read. The right to publish a site, or a part of it, includes the right
 * to read it.
 */
export function readRights(scopes: readonly Scope[]): 'all' | ReadonlySet<string> {
  if (scopes.includes('admin') || scopes.includes('read')) return 'all';
  const read = scopes.flatMap((scope) => /^read:(.*)$/.exec(scope)?.[1] ?? []);
  return new Set([...read, ...publishScopes(scopes).map(({ site }) => site)]);
}

export function coversAlias({ isWhole, aliases }: PublishRights, alias: string): boolean {
  return isWhole || aliases.some((pattern) => matches(alias, pattern));
}

/** A pattern has at most one `*`, which stands for any text. */
function matches(alias: string, pattern: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return alias === pattern;
  return alias.length >= before.length + after.length && alias.startsWith(before) && alias.endsWith(after);
}

/** Domains are checked elsewhere, when a site gets them. */
export function permits(scopes: readonly Scope[], need: Need): boolean {
  if (scopes.includes('admin')) return true;
  const readable = readRights(scopes);
  switch (need.kind) {
    case 'admin':
      return false;
    case 'read':
      return readable === 'all';
    case 'overview':
      return readable === 'all' || readable.size > 0;
    case 'read-site':
      return readable === 'all' || readable.has(need.site);
    case 'publish':
      return publishRights(scopes, need.site).isWhole;
    case 'upload':
      return publishScopes(scopes).some(({ site }) => site === need.site);
    case 'purge': {
      const { isWhole, folders } = publishRights(scopes, need.site);
      return isWhole || folders.length > 0;
    }
    case 'change': {
      const { isWhole, folders } = publishRights(scopes, need.site);
      return isWhole || folders.some((folder) => need.path.startsWith(folder));
    }
    case 'alias':
      return coversAlias(publishRights(scopes, need.site), need.alias);
  }
}

/** Throws `forbidden`. */
export function requirePermission(scopes: readonly Scope[], need: Need): void {
  if (permits(scopes, need)) return;
  throw new SkerryError(
    'forbidden',
    `the token's scope ${scopes.join(',')} does not cover this; it needs ${wanted(need)}`,
  );
}

function wanted(need: Need): string {
  switch (need.kind) {
    case 'admin':
      return 'admin';
    case 'read':
    case 'overview':
      return 'read';
    case 'read-site':
      return `read, read:${need.site} or publish:${need.site}`;
    case 'publish':
    case 'upload':
      return `publish:${need.site}`;
    case 'change':
      return `publish:${need.site}, or publish:${need.site}/FOLDER/ with a folder of the path`;
    case 'purge':
      return `publish:${need.site}, or publish:${need.site}/FOLDER/ with a folder of the paths`;
    case 'alias':
      return `publish:${need.site}, or publish:${need.site}@PATTERN with a pattern of the alias`;
  }
}
