import type { ContentPath } from '../../../shared/content/content-path.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { isRuleFile } from '../../../shared/site/rules/rule-lines.ts';
import type { RequestPath } from '../http/request-path.ts';

/** The published content for a request. */
export type Resolution =
  /** `isExact` means that the entry's path is the requested path. */
  | { readonly kind: 'entry'; readonly entry: Entry; readonly isExact: boolean }
  /** The folder has an index page, whose address ends in a slash. */
  | { readonly kind: 'folder'; readonly folder: ContentPath }
  | { readonly kind: 'absent' };

export type Lookup = (path: ContentPath) => Entry | undefined;

/**
 * Deeper folders are not searched for a `404.html`, because each folder costs a read of the catalog, and a path may
 * have hundreds of folders.
 */
const DEEPEST_ERROR_PAGE = 16;

const ABSENT: Resolution = { kind: 'absent' };

/**
 * Finds the entry of a request. For a published path, the response always has its own bytes. Clean URLs only add names:
 * `/a` stands for `a.html`, or else redirects to `/a/` when `a/index.html` exists.
 */
export function resolve(request: RequestPath, lookup: Lookup): Resolution {
  if (request.kind === 'folder') {
    const index = lookup(inFolder(request.path, 'index.html'));
    return index === undefined ? ABSENT : { kind: 'entry', entry: index, isExact: false };
  }
  if (request.kind !== 'file' || isRuleFile(request.path)) return ABSENT;
  const { path } = request;
  const exact = lookup(path);
  if (exact !== undefined) return { kind: 'entry', entry: exact, isExact: true };
  const page = lookup(`${path}.html` as ContentPath);
  if (page !== undefined) return { kind: 'entry', entry: page, isExact: false };
  const isFolder = lookup(inFolder(path, 'index.html')) !== undefined;
  return isFolder ? { kind: 'folder', folder: path } : ABSENT;
}

/** The nearest `404.html` in the path's folder or the folders above it. */
export function errorPage(request: RequestPath, lookup: Lookup): Entry | undefined {
  const asked: string =
    request.kind === 'folder' ? request.path : request.kind === 'file' ? parent(request.path) : '';
  let folder = asked.split('/', DEEPEST_ERROR_PAGE).join('/');
  for (; ; folder = parent(folder)) {
    const page = lookup(inFolder(folder, '404.html'));
    if (page !== undefined || folder === '') return page;
  }
}

export const isErrorPage = (path: string) => /(^|\/)404\.html$/.test(path);

function inFolder(folder: string, name: string): ContentPath {
  return (folder === '' ? name : `${folder}/${name}`) as ContentPath;
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
