import type { Entry } from '../../../shared/content/entry.ts';
import { WHOLE_TYPE } from '../../../shared/content/entry-meta.ts';
import { judgePreconditions, rangeApplies } from '../../../shared/http/conditional.ts';
import { decideRange } from '../../../shared/http/range.ts';
import type { Excess, HeaderEffects } from '../../../shared/site/rules/site-rules.ts';
import { inHttp, spanLength } from '../../../shared/store/byte-span.ts';
import type { Variant } from '../../variants/variant.ts';
import {
  contentType,
  etagOf,
  IMMUTABLE,
  PRIVATE,
  REVALIDATE,
  reprDigest,
  wantsReprDigest,
} from '../http/headers.ts';
import { multipartLayout } from '../http/multipart-range.ts';
import { chooseRepresentation, type Representation } from '../http/representation.ts';
import { requestPath } from '../http/request-path.ts';
import { type Answer, NO_BODY, textAnswer, withoutBody } from './answer.ts';
import { isErrorPage } from './resolve.ts';
import { type Route, type RoutedSite, route } from './route.ts';

/** Field names are in lower case. Node has joined repeated fields. */
export interface ReaderRequest {
  readonly method: string;
  /** The target as it stands in the request line. */
  readonly target: string;
  readonly headers: ReaderHeaders;
  /** The address of the reader. */
  readonly client: string;
  /** The host that the request named. */
  readonly host?: string | undefined;
}

export interface ReaderHeaders {
  readonly 'accept-encoding'?: string | undefined;
  readonly cookie?: string | undefined;
  readonly 'if-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-range'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
  readonly range?: string | undefined;
  readonly referer?: string | undefined;
  readonly 'want-repr-digest'?: string | undefined;
}

/** A site at the revision from which a request is answered. */
export interface ServedSite extends RoutedSite {
  readonly name: string;
  readonly revision: number;
  /** Whether this edge holds the objects of the path. */
  holds(path: string): boolean;
  /** Whether the name shows that the content of the path never changes. */
  isImmutable(path: string): boolean;
  /** The ready variants, in order of preference. */
  variants(entry: Entry): readonly Variant[];
  /** Whether a path, with its first slash, is private. */
  isPrivate(path: string): boolean;
  /** Whether this reader may read a private path. */
  mayRead(path: string, request: ReaderRequest): boolean;
  /** Whether the edge makes variants of the entry, provided that they save enough bytes. */
  isCompressible(entry: Entry): boolean;
}

const METHODS = 'GET, HEAD, OPTIONS';
/**
 * An error response must not have these headers of the content, because caches would keep the error for as long as the
 * content.
 */
const FOR_CONTENT_ALONE = new Set(['cache-control', 'cdn-cache-control', 'surrogate-control', 'expires']);

/** What is stored with a file and describes its bytes, so that error pages have it, too. */
const OF_THE_BYTES: ReadonlySet<string> = new Set(['content-language', WHOLE_TYPE]);

/** Decides a site's response to a request (RFC 9110). */
export function decide(request: ReaderRequest, site: ServedSite): Answer {
  const { method, target } = request;
  if (method === 'HEAD')
    return withoutBody(decide({ ...request, method: 'GET', headers: whole(request) }, site));
  const path = target === '*' && method === 'OPTIONS' ? requestPath('/') : requestPath(target);
  if (path.kind === 'malformed') return textAnswer(400, 'Malformed path\n');
  const effects = site.rules.headers(path.text);
  if (method === 'OPTIONS') return effects.excess ? refused(effects.excess, site) : options(effects, site);
  if (method !== 'GET') return textAnswer(405, 'Method not allowed\n', { allow: METHODS });
  const routed = route(path, queryOf(target), asSeenBy(request, path.text, site));
  if (isForbidden(path.text, routed, request, site))
    return textAnswer(403, 'A valid token is needed\n', {
      ...ownHeaders(site, site.revision),
      'cache-control': 'no-store',
    });
  if (routed.kind !== 'redirect' && effects.excess) return refused(effects.excess, site);
  switch (routed.kind) {
    case 'too-long':
      return refused('address', site);
    case 'redirect':
      return {
        status: routed.status,
        // Otherwise, a browser would still follow the stored redirect after the folder has become a file.
        headers: {
          ...ownHeaders(site, site.revision),
          'cache-control': REVALIDATE,
          location: routed.location,
          'content-length': '0',
        },
        body: NO_BODY,
      };
    case 'absent':
      return textAnswer(404, 'Not found\n', errorHeaders(site, effects));
    case 'entry':
      return answerWithEntry(routed, effects, request, site);
  }
}

/**
 * The site without the content that the reader may not read. Clean URLs, redirects to folders, rewrites and error pages
 * treat private content as if it had never been published. It is not even looked up.
 */
function asSeenBy(request: ReaderRequest, asked: string, site: ServedSite): RoutedSite {
  const mayHave = (path: string) => !site.isPrivate(path) || site.mayRead(path, request);
  return {
    rules: site.rules,
    formerAsset: site.formerAsset,
    lookup(path) {
      // A reader who may read the requested path may also get the site's error page for it.
      const isTold = () => isErrorPage(path) && site.isPrivate(asked) && site.mayRead(asked, request);
      return mayHave(`/${path}`) || isTold() ? site.lookup(path) : undefined;
    },
  };
}

/**
 * Whether the response to a private path must be withheld from the reader. The path of the content that would be sent
 * decides this. If there is no content, the requested path decides, because it must not reveal that it has none.
 */
function isForbidden(asked: string, routed: Route, request: ReaderRequest, site: ServedSite): boolean {
  if (!site.isPrivate(asked)) return false;
  const isContent = routed.kind === 'entry' && routed.status === 200;
  return !site.mayRead(isContent ? `/${routed.entry.path}` : asked, request);
}

/** Refuses a response whose headers do not all fit, because a missing header could be one that protects the page. */
function refused(excess: Excess, site: ServedSite): Answer {
  const headers = { ...ownHeaders(site, site.revision), 'cache-control': 'no-store' };
  const answer =
    excess === 'address'
      ? textAnswer(414, 'This address is too long for the rules of the site\n', headers)
      : textAnswer(500, 'The rules of the site give this page too many headers\n', headers);
  return { ...answer, isExcess: true };
}

function answerWithEntry(
  routed: Extract<Route, { kind: 'entry' }>,
  effects: HeaderEffects,
  { headers: asked }: ReaderRequest,
  site: ServedSite,
): Answer {
  const { entry, status } = routed;
  if (!site.holds(entry.path)) {
    if (status !== 200) return textAnswer(404, 'Not found\n', errorHeaders(site, effects));
    return textAnswer(421, 'This edge holds other paths of the site\n', ownHeaders(site, site.revision));
  }
  const representation = chooseRepresentation(entry, site.variants(entry), asked);
  const described = describe(entry, representation, asked, site);
  if (status !== 200) {
    const headers = { ...described, ...errorHeaders(site, effects) };
    return { status, headers, body: { kind: 'bytes', representation, range: undefined } };
  }
  const revision = routed.revision ?? site.revision;
  const isLasting = routed.isExact && site.isImmutable(entry.path);
  const headers = withEffects(
    {
      ...ownHeaders(site, revision),
      'cache-control': isLasting ? IMMUTABLE : REVALIDATE,
      ...Object.fromEntries(entry.meta),
      // Only the rules may let shared caches keep a private file.
      ...(site.isPrivate(`/${entry.path}`) && { 'cache-control': PRIVATE }),
      ...described,
    },
    effects,
  );
  return partOf({ status, headers, body: { kind: 'bytes', representation, range: undefined } }, entry, asked);
}

/** Evaluates the preconditions and then the ranges (RFC 9110, 13.2.2). */
function partOf(all: Answer, entry: Entry, asked: ReaderHeaders): Answer {
  if (all.body.kind !== 'bytes') return all;
  const { representation } = all.body;
  const { size, digest } = representation;
  const validators = { etag: etagOf(digest), modified: entry.time };
  const {
    'content-length': _length,
    'content-type': type = '',
    'content-encoding': _coding,
    ...validating
  } = all.headers;
  switch (judgePreconditions(asked, validators)) {
    case 'failed':
      return textAnswer(412, 'Precondition failed\n', unkept(withoutMeta(validating, entry)));
    case 'not-modified':
      return { status: 304, headers: validating, body: NO_BODY };
    case 'met':
  }
  const decision = rangeApplies(asked['if-range'], validators)
    ? decideRange(asked.range, size)
    : ({ kind: 'whole' } as const);
  switch (decision.kind) {
    case 'whole':
      return all;
    case 'unsatisfiable': {
      const { etag: _etag, 'last-modified': _modified, 'repr-digest': _digest, ...rest } = validating;
      return textAnswer(416, 'Range not satisfiable\n', {
        ...unkept(withoutMeta(rest, entry)),
        'content-range': `bytes */${size}`,
      });
    }
    case 'part': {
      const { range } = decision;
      return {
        status: 206,
        headers: {
          ...all.headers,
          'content-length': String(spanLength(range)),
          'content-range': `bytes ${inHttp(range)}/${size}`,
        },
        body: { kind: 'bytes', representation, range },
      };
    }
    case 'parts': {
      // The boundary is the beginning of the digest, because no file contains its own digest.
      const layout = multipartLayout(decision.ranges, size, type, digest.slice(0, 32));
      return {
        status: 206,
        headers: { ...all.headers, 'content-length': String(layout.length), 'content-type': layout.type },
        body: { kind: 'parts', representation, layout },
      };
    }
  }
}

function describe(
  entry: Entry,
  { digest, size, coding }: Representation,
  asked: ReaderHeaders,
  site: ServedSite,
): Record<string, string> {
  return {
    etag: etagOf(digest),
    'last-modified': new Date(entry.time).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': contentType(entry.type),
    ...Object.fromEntries(entry.meta.filter(([name]) => OF_THE_BYTES.has(name))),
    'content-length': String(size),
    ...(coding !== undefined && { 'content-encoding': coding }),
    // The plain bytes get this header, too. Otherwise, a cache could send them to readers who want a variant.
    ...((coding !== undefined || site.isCompressible(entry)) && { vary: 'Accept-Encoding' }),
    ...(wantsReprDigest(asked['want-repr-digest']) && { 'repr-digest': reprDigest(digest) }),
  };
}

function options(effects: HeaderEffects, site: ServedSite): Answer {
  const permissions = [...effects.set].filter(([name]) => name.startsWith('access-control-'));
  return {
    status: 204,
    headers: { ...ownHeaders(site, site.revision), allow: METHODS, ...Object.fromEntries(permissions) },
    body: NO_BODY,
  };
}

function ownHeaders({ name }: ServedSite, revision: number): Record<string, string> {
  return { 'skerry-revision': `${name}@${revision}`, 'x-content-type-options': 'nosniff' };
}

function errorHeaders(site: ServedSite, { set, removed }: HeaderEffects): Record<string, string> {
  return withEffects(
    { ...ownHeaders(site, site.revision), 'cache-control': 'no-cache' },
    {
      set: new Map([...set].filter(([name]) => !FOR_CONTENT_ALONE.has(name) && name !== 'content-type')),
      removed: new Set([...removed].filter((name) => !FOR_CONTENT_ALONE.has(name))),
    },
  );
}

/**
 * The headers of an error that depends on the header fields of this request. Caches must not send it to other readers.
 */
function unkept(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !FOR_CONTENT_ALONE.has(name));
  return { ...Object.fromEntries(kept), 'cache-control': 'no-store' };
}

/** The headers without those that are stored with the file, because a text of the edge is sent in its place. */
function withoutMeta(headers: Readonly<Record<string, string>>, { meta }: Entry): Record<string, string> {
  const stored = new Set(meta.map(([name]) => name));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !stored.has(name)));
}

function withEffects(
  headers: Record<string, string>,
  { set, removed }: Pick<HeaderEffects, 'set' | 'removed'>,
): Record<string, string> {
  for (const name of removed) delete headers[name];
  for (const [name, value] of set) headers[name] = value;
  return headers;
}

/** The headers without the range, which only a GET may have (RFC 9110, 14.2). */
function whole({ headers: { range: _range, ...headers } }: ReaderRequest): ReaderHeaders {
  return headers;
}

function queryOf(target: string): string {
  const start = target.indexOf('?');
  return start === -1 ? '' : target.slice(start);
}
