import type { ContentPath } from '../../shared/content-path.ts';
import type { Entry } from '../../shared/entry.ts';
import type { RequestPath } from './request-path.ts';

/** What answers a request. */
export type Resolution =
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** The folder has an index page: its address ends in a slash. */
  | { readonly kind: 'redirect'; readonly folder: ContentPath }
  /** With the nearest `404.html` up the tree, if there is one. */
  | { readonly kind: 'absent'; readonly page: Entry | undefined };

type Lookup = (path: ContentPath) => Entry | undefined;

/** Files of the root that configure a site and are not served. */
const CONFIGURATION = new Set(['_headers', '_redirects']);

/**
 * A published path answers with its own bytes, whatever else could be meant; clean URLs only add names: `/a`
 * stands for `a.html`, else leads to `/a/` where `a/index.html` exists.
 */
export function resolve(request: RequestPath, lookup: Lookup): Resolution {
  switch (request.kind) {
    case 'malformed':
    case 'unpublishable':
      return absent('', lookup);
    case 'folder': {
      const index = lookup(inFolder(request.path, 'index.html'));
      return index === undefined ? absent(request.path, lookup) : { kind: 'entry', entry: index };
    }
    case 'file':
      return resolveFile(request.path, lookup);
  }
}

function resolveFile(path: ContentPath, lookup: Lookup): Resolution {
  if (CONFIGURATION.has(path)) return absent('', lookup);
  const entry = lookup(path) ?? lookup(`${path}.html` as ContentPath);
  if (entry !== undefined) return { kind: 'entry', entry };
  const isFolder = lookup(inFolder(path, 'index.html')) !== undefined;
  return isFolder ? { kind: 'redirect', folder: path } : absent(parent(path), lookup);
}

function absent(folder: string, lookup: Lookup): Resolution {
  for (let at = folder; ; at = parent(at)) {
    const page = lookup(inFolder(at, '404.html'));
    if (page !== undefined || at === '') return { kind: 'absent', page };
  }
}

function inFolder(folder: string, name: string): ContentPath {
  return (folder === '' ? name : `${folder}/${name}`) as ContentPath;
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
