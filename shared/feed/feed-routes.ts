import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import { clientOf } from '../http/client-address.ts';
import { onceClosed, untilClosed } from '../http/once-closed.ts';
import type { HttpServer } from '../http/server.ts';
import { schema } from '../json/schema.ts';
import { nameSchema } from '../site/names.ts';
import { encodeFrame, FRAME_TYPE } from '../wire/frame.ts';
import {
  feedHelloSchema,
  joinAnswerSchema,
  joinHelloSchema,
  joinRequestSchema,
  MAX_REPORTS_BYTES,
  MOST_LIMITS,
  originHelloSchema,
  reportAnswerSchema,
  reportRequestSchema,
} from '../wire/protocol.ts';
import { MOST_WANTS, type Wants } from '../wire/wants.ts';
import { beyondEnd } from './beyond-end.ts';
import { CatchUps } from './catch-ups.ts';
import { contentRoutes } from './content-routes.ts';
import type { FeedSource } from './feed-source.ts';
import { followLog } from './follow-log.ts';
import { type MembersOnly, memberOf, memberProof } from './member-proof.ts';
import { MemberRequests, type RequestKind } from './member-requests.ts';
import { RefusedReports } from './refused-reports.ts';
import { sendCompressed } from './sending.ts';
import { uploadRoutes } from './upload-routes.ts';

const NUMBER = '^(0|[1-9][0-9]{0,14})$';
const RECORDS_PER_PAGE = 1000;
/** The largest body that an unknown client may send. */
const JOIN_BYTES = 4096;

const wantsSchema = schema(
  Type.Object({
    sites: Type.Union([Type.Array(nameSchema, { maxItems: MOST_LIMITS }), Type.Null()]),
    prefixes: Type.Union([Type.Array(Type.String(), { maxItems: MOST_LIMITS }), Type.Null()]),
  }),
);
const EVERYTHING: Wants = { sites: null, prefixes: null };

/** Adds the routes of the feed under /feed/v1. The server's error handler turns their errors into responses. */
export function feedRoutes(app: HttpServer, source: FeedSource, stopping: AbortSignal): void {
  const { nonces, membersOnly } = memberProof(app, source);
  const requests = new MemberRequests();
  const catchUps = new CatchUps(source.clock);
  /** Hooks that admit members only, and limit how many requests of one kind each member may have open. */
  const members = (kind: RequestKind): MembersOnly => ({
    ...membersOnly,
    async onRequest(request, reply) {
      await membersOnly.onRequest(request, reply);
      onceClosed(reply.raw, requests.begin(memberOf(request), kind));
    },
  });

  app.get(
    '/feed/v1/hello',
    { schema: { hide: true, response: { 200: feedHelloSchema } } },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { edge: source.path()[0] ?? null, nonce: nonces.current() };
    },
  );

  app.post(
    '/feed/v1/join/hello',
    {
      bodyLimit: JOIN_BYTES,
      schema: { hide: true, body: joinHelloSchema, response: { 200: originHelloSchema } },
    },
    ({ body, client }) => source.greet(body.edgeNonce, clientOf(client)),
  );

  app.post(
    '/feed/v1/join',
    {
      bodyLimit: JOIN_BYTES,
      schema: { hide: true, body: joinRequestSchema, response: { 200: joinAnswerSchema } },
    },
    ({ body, client }) => source.join(body, clientOf(client)),
  );

  app.get(
    '/feed/v1/stream',
    {
      ...membersOnly,
      schema: {
        hide: true,
        querystring: Type.Object({
          from: Type.String({ pattern: NUMBER }),
          wants: Type.Optional(Type.String({ maxLength: MOST_WANTS })),
        }),
      },
    },
    async (request, reply) => {
      const name = memberOf(request);
      const key = await source.members.keyOf(name);
      const { query } = request;
      const from = Number(query.from);
      source.admit(query.wants === undefined ? EVERYTHING : wantsSchema.parseText(query.wants));
      if (source.path().includes(name))
        throw new SkerryError('parent-loop', `${name} is between this feed and the origin`);
      await checkStart(source, from);
      reply.hijack();
      const disconnected = source.members.connected(name);
      const replaced = new AbortController();
      const ended = requests.stream(name, () => replaced.abort());
      try {
        // Once a member is revoked, it gets no further frame, not even the one about its revocation.
        const isMember = () => source.members.keyOf(name) === key;
        await writeFrames(reply.raw, source, from, isMember, AbortSignal.any([stopping, replaced.signal]));
      } finally {
        ended();
        disconnected();
      }
    },
  );

  // The records that an edge missed while it was offline, in pages. Pages are compressed; the stream of single records
  // is not.
  app.get(
    '/feed/v1/records',
    {
      ...members('follow'),
      schema: { hide: true, querystring: Type.Object({ from: Type.String({ pattern: NUMBER }) }) },
    },
    async (request, reply) => {
      const from = Number(request.query.from);
      await refuseBeyond(source, from);
      // A member that has missed no records continues with the stream at once.
      if (from <= (await source.head()).seq) catchUps.begin(memberOf(request));
      const records = await source.records(from, RECORDS_PER_PAGE);
      // This check comes after the read, because records that are pruned in between would leave a gap.
      await checkStart(source, from);
      const lines = records.values().map((record) => encodeFrame({ v: 1, t: 'record', record }));
      return sendCompressed(request, reply, FRAME_TYPE, lines);
    },
  );

  const reporting = members('report');
  const refused = new RefusedReports(source.clock);
  app.post(
    '/feed/v1/report',
    {
      ...reporting,
      async onRequest(request, reply) {
        await reporting.onRequest(request, reply);
        refused.check(request);
      },
      onResponse: async (request, reply) => refused.answered(request, reply),
      bodyLimit: MAX_REPORTS_BYTES,
      schema: { hide: true, body: reportRequestSchema, response: { 200: reportAnswerSchema } },
    },
    (request) => source.members.report(memberOf(request), request.body.reports),
  );

  contentRoutes(app, source, members, requests, stopping);
  if (source.uploads !== undefined) uploadRoutes(app, source.uploads, members('upload').onRequest);
}

async function refuseBeyond(source: FeedSource, from: number): Promise<void> {
  const { seq } = await source.head();
  const fault = beyondEnd(from, { seq, isParent: source.path().length > 0 });
  if (fault !== undefined) throw fault;
}

async function checkStart(source: FeedSource, from: number): Promise<void> {
  await refuseBeyond(source, from);
  const first = await source.firstSeq();
  if (from >= first) return;
  throw new SkerryError('log-pruned', `the log begins with the checkpoint ${first}`, {
    details: { checkpoint: first },
  });
}

async function writeFrames(
  raw: ServerResponse,
  source: FeedSource,
  from: number,
  isMember: () => boolean,
  stopping: AbortSignal,
) {
  const signal = AbortSignal.any([stopping, untilClosed(raw)]);
  raw.writeHead(200, {
    'content-type': FRAME_TYPE,
    'cache-control': 'no-store',
    // Without this header, nginx would buffer records until a page of them is full.
    'x-accel-buffering': 'no',
  });
  try {
    for await (const frame of followLog(source, from, signal)) {
      if (signal.aborted || !isMember()) break;
      if (!raw.write(encodeFrame(frame))) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    raw.destroy();
  }
}
