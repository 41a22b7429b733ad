import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { MemberBudgets } from '../concurrency/member-budgets.ts';
import { DIFF_TYPE, encodeChange, encodeDiffEnd, encodeDiffStart } from '../content/diff.ts';
import { DIGEST_PATTERN, type Digest, toDigest } from '../content/digest.ts';
import { parseAvailableDictionary } from '../delta/dcz.ts';
import type { Encoded } from '../delta/encodings.ts';
import { SkerryError } from '../errors.ts';
import { onceClosed } from '../http/once-closed.ts';
import type { HttpServer } from '../http/server.ts';
import { type ByteSpan, inHttp, spanLength } from '../store/byte-span.ts';
import type { AheadAnswer } from '../wire/ahead-answer.ts';
import { BUCKETS_TYPE, encodeBuckets } from '../wire/bucket-list.ts';
import { BUNDLE_TYPE } from '../wire/bundle.ts';
import { bundleRequestSchema, entriesRequestSchema, leavesRequestSchema } from '../wire/protocol.ts';
import { diffText, encodedDiff } from './diff-text.ts';
import { type Asker, encodedBundle, encodedObject } from './encoded.ts';
import type { FeedSource } from './feed-source.ts';
import { type MembersOnly, memberOf } from './member-proof.ts';
import type { MemberRequests, RequestKind } from './member-requests.ts';
import { type ReadableSites, readableSites, requireReadable } from './readable-sites.ts';
import { accepts, sendCompressed, sendEncoded } from './sending.ts';
import { noLongerHeld, requireHeld } from './still-held.ts';

const LEAVES_PER_READ = 64;
/**
 * The budget of a member for requests to make a cached encoding again. Honest members hardly ever receive a wrong
 * encoding.
 */
const ANEW = { burst: 16, perSecond: 0.5 };
/** How long a request waits for a revision that this parent is still fetching. */
const COMING_MS = 10_000;
const NUMBER = '^(0|[1-9][0-9]{0,14})$';
/** Enough for 4096 numbers of five digits. */
const ENTRIES_BYTES = 32 * 1024;
/** Enough for two times 4096 short names in base64url. */
const BUNDLE_BYTES = 96 * 1024;

const revisionParams = Type.Object({
  site: Type.String({ pattern: NUMBER }),
  revision: Type.String({ pattern: NUMBER }),
});

/**
 * The routes for the content that followers fetch: diffs, buckets and entries for comparison, and objects, alone or in
 * bundles.
 */
export function contentRoutes(
  app: HttpServer,
  source: FeedSource,
  members: (kind: RequestKind) => MembersOnly,
  requests: MemberRequests,
  stopping: AbortSignal,
): void {
  const anew = new MemberBudgets(ANEW, source.clock);

  app.get(
    '/feed/v1/sites/:site/diff',
    {
      ...members('follow'),
      schema: {
        hide: true,
        params: Type.Object({ site: Type.String({ pattern: NUMBER }) }),
        querystring: Type.Object({
          from: Type.String({ pattern: NUMBER }),
          to: Type.String({ pattern: NUMBER }),
        }),
      },
    },
    async (request, reply) => {
      const range = {
        site: Number(request.params.site),
        from: Number(request.query.from),
        to: Number(request.query.to),
      };
      await readable(request, range.site);
      await awaitHeld(range.site, range.to);
      await requireHeld(source, range.site, [range.from]);
      const encoded = accepts(request, 'zstd') ? await encodedDiff(source, asker(request), range) : undefined;
      return encoded === undefined
        ? sendCompressed(request, reply, DIFF_TYPE, diffText(source, range))
        : send(request, reply, DIFF_TYPE, encoded);
    },
  );

  app.get(
    '/feed/v1/sites/:site/revisions/:revision/nodes',
    { ...members('follow'), schema: { hide: true, params: revisionParams } },
    async (request, reply) => {
      const { site, revision } = await heldRevision(request, request.params);
      const nodes = await source.manifests.nodesAt(site, revision);
      await requireHeld(source, site, [revision]);
      return reply.type(BUCKETS_TYPE).send(encodeBuckets(nodes));
    },
  );

  app.post(
    '/feed/v1/sites/:site/revisions/:revision/leaves',
    { ...members('follow'), schema: { hide: true, params: revisionParams, body: leavesRequestSchema } },
    async (request, reply) => {
      const { site, revision } = await heldRevision(request, request.params);
      const leaves = await source.manifests.leavesAt(site, revision, request.body.nodes);
      await requireHeld(source, site, [revision]);
      return reply.type(BUCKETS_TYPE).send(encodeBuckets(leaves));
    },
  );

  app.post(
    '/feed/v1/sites/:site/revisions/:revision/entries',
    {
      ...members('follow'),
      bodyLimit: ENTRIES_BYTES,
      schema: { hide: true, params: revisionParams, body: entriesRequestSchema },
    },
    async (request, reply) => {
      const { site, revision } = await heldRevision(request, request.params);
      const text = entriesText(source, site, revision, request.body.leaves);
      return sendCompressed(request, reply, DIFF_TYPE, text);
    },
  );

  app.get(
    '/feed/v1/sites/:site/objects-ahead',
    {
      ...members('follow'),
      schema: {
        hide: true,
        params: Type.Object({ site: Type.String({ pattern: NUMBER }) }),
        querystring: Type.Object({
          list: Type.String({ maxLength: 16 }),
          page: Type.String({ pattern: NUMBER }),
        }),
      },
    },
    async (request, reply) => {
      const site = Number(request.params.site);
      await readable(request, site);
      const { list, page } = request.query;
      const answer: AheadAnswer = { page: source.ahead.page(site, list, Number(page)) ?? null };
      return sendCompressed(request, reply, 'application/json', [JSON.stringify(answer)]);
    },
  );

  app.post(
    '/feed/v1/bundle',
    { ...members('content'), bodyLimit: BUNDLE_BYTES, schema: { hide: true, body: bundleRequestSchema } },
    async (request, reply) => {
      const { objects, dictionary = '' } = request.body;
      const digest = availableDictionary(request);
      const encoded = await encodedBundle(
        source,
        { ...asker(request), sites: await readableSites(source, memberOf(request)) },
        objects,
        digest === undefined ? undefined : { names: dictionary, digest },
      );
      return send(request, reply, BUNDLE_TYPE, encoded);
    },
  );

  app.get(
    '/feed/v1/objects/:digest',
    {
      ...members('content'),
      schema: { hide: true, params: Type.Object({ digest: Type.String({ pattern: DIGEST_PATTERN }) }) },
    },
    async (request, reply) => {
      const digest = toDigest(request.params.digest);
      const member = memberOf(request);
      const sites = await readableSites(source, member);
      const objects = source.objectsFor(member);
      const size = (await isReadable(digest, sites)) ? await objects.size(digest) : undefined;
      if (size === undefined)
        throw new SkerryError('no-such-object', `the object ${digest} is not held here`);
      const range = requestedRange(request.headers.range, size);
      if (range === undefined && accepts(request, 'zstd')) {
        const announced = availableDictionary(request);
        const dictionary = announced && (await isReadable(announced, sites)) ? announced : undefined;
        const encoded = await encodedObject(source, asker(request), digest, size, dictionary);
        if (encoded !== undefined) return send(request, reply, 'application/octet-stream', encoded);
      }
      const bytes = await objects.open(digest, range);
      if (bytes === undefined)
        throw new SkerryError('no-such-object', `the object ${digest} is not held here`);
      if (range !== undefined) reply.code(206).header('content-range', `bytes ${inHttp(range)}/${size}`);
      const length = range === undefined ? size : spanLength(range);
      return reply.type('application/octet-stream').header('content-length', length).send(bytes);
    },
  );

  /** An encoded response counts as unsent until the member has received it, because it stays in memory until then. */
  function send(request: FastifyRequest, reply: FastifyReply, type: string, encoded: Encoded): FastifyReply {
    onceClosed(reply.raw, requests.sending(memberOf(request), encoded.bytes.length));
    return sendEncoded(reply, type, encoded);
  }

  /** A member that has requested new encodings too often gets cached ones instead. */
  function asker(request: FastifyRequest): Asker {
    const member = memberOf(request);
    const isAnew = /\bno-cache\b/.test(request.headers['cache-control'] ?? '') && anew.left(member) >= 1;
    if (isAnew) anew.spend(member, 1);
    return { member, isAnew };
  }

  /**
   * A parent's children learn of a revision as soon as the parent does. They wait here until the parent holds all of
   * it.
   */
  async function awaitHeld(site: number, revision: number): Promise<void> {
    if (revision === 0) return;
    const deadline = source.clock.monotonic() + COMING_MS;
    while (true) {
      const left = deadline - source.clock.monotonic();
      const changed = source.changed.wait(Math.max(1, left), stopping);
      const state = await source.holds(site, revision);
      if (state === 'held') return;
      if (state === 'absent') throw noLongerHeld(site, revision);
      if (left <= 0 || stopping.aborted)
        throw new SkerryError('not-yet-held', `revision ${revision} of site ${site} is on its way here`);
      await changed;
    }
  }

  /** Throws `forbidden` when the member may not read the site. */
  async function readable(request: FastifyRequest, site: number): Promise<void> {
    const member = memberOf(request);
    requireReadable(await readableSites(source, member), site, member);
  }

  async function isReadable(digest: Digest, sites: ReadableSites): Promise<boolean> {
    return sites === null || source.manifests.isNamedIn(digest, sites);
  }

  async function heldRevision(request: FastifyRequest, params: { site: string; revision: string }) {
    const site = Number(params.site);
    const revision = Number(params.revision);
    await readable(request, site);
    await awaitHeld(site, revision);
    return { site, revision };
  }
}

/** The entries of some leaves, in the form of a diff from revision 0. */
async function* entriesText(
  source: FeedSource,
  site: number,
  revision: number,
  leaves: readonly number[],
): AsyncGenerator<string> {
  yield encodeDiffStart({ site, from: 0, to: revision });
  let count = 0;
  for (let i = 0; i < leaves.length; i += LEAVES_PER_READ) {
    const some = leaves.slice(i, i + LEAVES_PER_READ);
    const found = await Promise.all(some.map((leaf) => source.manifests.leafEntries(site, revision, leaf)));
    const entries = found.flat();
    yield entries.map((entry) => encodeChange({ kind: 'put', entry })).join('');
    count += entries.length;
  }
  await requireHeld(source, site, [revision]);
  yield encodeDiffEnd(count);
}

function availableDictionary(request: FastifyRequest) {
  return accepts(request, 'dcz')
    ? parseAvailableDictionary(request.headers['available-dictionary'] as string | undefined)
    : undefined;
}

/**
 * Parses a range. Followers ask for whole chunks, so only one range with both ends is accepted. A range that reaches
 * beyond the object is cut to its size.
 */
function requestedRange(header: string | undefined, size: number): ByteSpan | undefined {
  const [, first, last] = /^bytes=([0-9]{1,15})-([0-9]{1,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined) {
    if (header === undefined) return undefined;
    throw new SkerryError('bad-request', 'a range is bytes=FIRST-LAST');
  }
  const range = { start: Number(first), end: Math.min(Number(last) + 1, size) };
  if (Number(last) < range.start) throw new SkerryError('bad-request', 'a range ends before it begins');
  if (range.start >= size) throw new SkerryError('range-not-satisfiable', `the object has ${size} bytes`);
  return range;
}
