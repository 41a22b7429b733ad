import type { Logger } from 'pino';
import type { Digest } from '../../../shared/content/digest.ts';
import { hasCode, type SkerryError } from '../../../shared/errors.ts';
import { withoutTokens } from '../../../shared/site/signed-url.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import { isSmall } from '../../../shared/store/object-reader.ts';
import type { SiteView } from '../../messages/views.ts';
import type { WaitingReader } from '../bytes/body.ts';
import type { Content } from '../bytes/content.ts';
import type { Bodies } from '../bytes/read-through-bodies.ts';
import { cacheStatus } from '../http/cache-status.ts';
import type { Representation } from '../http/representation.ts';
import { type Answer, textAnswer, withoutBody } from './answer.ts';
import { decide, type ReaderRequest } from './decide.ts';
import { type SiteParts, servedSite } from './served-site.ts';
import type { ServingLease } from './serving-lease.ts';
import type { Openable, Opened, PreparedAnswer, SiteAnswer, SiteHandler } from './site-handler.ts';

/** Larger pages are not read as a whole to find a link in them. */
const LARGEST_PAGE = 256 * 1024;
const IN_MEMORY = cacheStatus({ kind: 'hit', tier: 'memory' });

export interface PublishedParts extends SiteParts {
  readonly content: SiteParts['content'] & Pick<Content, 'lookUp' | 'bytes'>;
  readonly bodies: Bodies;
  readonly lease: Pick<ServingLease, 'isHeld'>;
  readonly log: Pick<Logger, 'error' | 'debug'>;
}

/** The content at a path. */
export interface Page {
  readonly digest: Digest;
  /** Its bytes. Undefined when they are many, or when this edge does not hold them. */
  text(): Buffer | undefined;
}

/**
 * A published site at the revision of one view. `decide` decides the responses of the fast lane and of the full server.
 */
export class PublishedSite implements SiteHandler {
  readonly #view: SiteView;
  readonly #parts: PublishedParts;

  constructor(view: SiteView, parts: PublishedParts) {
    this.#view = view;
    this.#parts = parts;
  }

  get name(): string {
    return this.#view.name;
  }

  answer(request: ReaderRequest): SiteAnswer {
    const unready = this.#whyUnready();
    if (unready === undefined) return this.#decided(request);
    const answer = textAnswer(503, unready, { 'retry-after': '1' });
    return request.method === 'HEAD' ? withoutBody(answer) : answer;
  }

  prepared(request: ReaderRequest): PreparedAnswer | undefined {
    const { name, revision } = this.#view;
    if (revision === 0 || this.#view.private !== null || !this.#mayServe()) return undefined;
    const site = servedSite(this.#view, this.#parts);
    if (site === undefined) return undefined;
    const { status, headers, body } = decide(request, site);
    // Assets of older revisions are served for a limited time, so they are never prepared.
    if (headers['skerry-revision'] !== `${name}@${revision}`) return undefined;
    if (status !== 200 || body.kind !== 'bytes' || !isSmall(body.representation.size)) return undefined;
    const found = this.#parts.content.lookUp(body.representation, undefined);
    if (found?.kind !== 'bytes') return undefined;
    return {
      status,
      headers: { ...headers, 'cache-status': IN_MEMORY },
      body: found.bytes,
      source: body.representation.source,
      mayBeGiven: this.#mayServe,
    };
  }

  /** The status that a request would get. Undefined if that cannot be decided. */
  statusFor(request: ReaderRequest): number | undefined {
    if (this.#whyUnready() !== undefined) return undefined;
    const site = servedSite(this.#view, this.#parts);
    return site && decide(request, site).status;
  }

  /** The page at a path. Undefined if there is none. */
  pageAt(path: string): Page | undefined {
    const site = servedSite(this.#view, this.#parts);
    if (site === undefined) return undefined;
    const { body, status } = decide({ method: 'GET', target: path, headers: {}, client: '' }, site);
    if (status !== 200 || body.kind !== 'bytes') return undefined;
    const { source: digest, size } = body.representation;
    const isRead = size <= LARGEST_PAGE;
    return { digest, text: () => (isRead ? this.#parts.content.bytes({ digest, size }) : undefined) };
  }

  #whyUnready(): string | undefined {
    if (this.#view.revision === 0) return 'Nothing has been published here yet\n';
    if (!this.#mayServe()) return 'This edge has lost its origin and may be behind\n';
    return undefined;
  }

  readonly #mayServe = (): boolean => !this.#view.needsLease || this.#parts.lease.isHeld;

  #decided(request: ReaderRequest): SiteAnswer {
    const site = servedSite(this.#view, this.#parts);
    if (site !== undefined) return this.#openable(decide(request, site), request);
    const { name, revision } = this.#view;
    const { log } = this.#parts;
    log.error(
      { site: name, revision, url: withoutTokens(request.target) },
      'the rules of a site are missing',
    );
    return textAnswer(503, 'Being repaired\n', { 'retry-after': '5' });
  }

  #openable(answer: Answer, request: ReaderRequest): SiteAnswer {
    const { body, status } = answer;
    if (body.kind === 'none' || body.kind === 'text') return { ...answer, body };
    const { representation } = body;
    const openable: Openable = {
      size: representation.size,
      open: (range, reader) => this.#open(representation, range, { request, status, reader }),
    };
    return { ...answer, body: { ...body, representation: openable } };
  }

  async #open(
    representation: Representation,
    range: ByteSpan | undefined,
    { request, status, reader }: Opening,
  ): Promise<Opened> {
    const found = await this.#parts.bodies.find(representation, range, reader);
    switch (found.kind) {
      case 'gone':
        return { kind: 'instead', answer: this.#decided(withoutCodings(request)) };
      case 'refused':
        return { kind: 'instead', answer: this.#refusal(found.error, request, status) };
      default:
        return found;
    }
  }

  #refusal(error: SkerryError, { target }: ReaderRequest, status: number): SiteAnswer {
    // A 404 stays a 404, even if its page is missing.
    if (status === 404) return textAnswer(404, 'Not found\n');
    const headers = { 'retry-after': '5', 'cache-status': 'Skerry; fwd=miss' };
    if (hasCode(error, 'too-many-misses'))
      return textAnswer(
        429,
        'Too many of your requests wait for objects that this edge does not hold\n',
        headers,
      );
    this.#parts.log.debug({ err: error, url: withoutTokens(target) }, 'an object could not be fetched');
    return textAnswer(503, 'This edge cannot fetch the file now\n', headers);
  }
}

/** The request for which a body is opened. */
interface Opening {
  readonly request: ReaderRequest;
  readonly status: number;
  readonly reader: WaitingReader;
}

/** The same request without accepted codings, to get the plain bytes when a variant has just been evicted. */
function withoutCodings(request: ReaderRequest): ReaderRequest {
  return { ...request, headers: { ...request.headers, 'accept-encoding': undefined } };
}
