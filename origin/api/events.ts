import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { untilClosed } from '../../shared/http/once-closed.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import { nameSchema } from '../../shared/site/names.ts';
import { EVENT_STREAM_TYPE, eventPageSchema } from '../../shared/wire/event.ts';
import { validToken } from '../access/tokens.ts';
import { caller } from '../callers/caller.ts';
import { type ApiContext, needsOverview, needsRead } from './context.ts';
import { sendEvents } from './event-stream.ts';
import { visibleEvents } from './visible-events.ts';

const ID = '^[0-9]{1,15}$';

const eventQuery = Type.Object({
  after: Type.Optional(Type.String({ pattern: ID, description: 'Events with higher ids, ascending.' })),
  before: Type.Optional(Type.String({ pattern: ID, description: 'Events with lower ids, descending.' })),
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: 'At most so many; 100 by default.' }),
  ),
  kind: Type.Optional(Type.String({ pattern: NAME_PATTERN })),
  site: Type.Optional(nameSchema),
  edge: Type.Optional(nameSchema),
});
type EventQuery = Static<typeof eventQuery>;

const answer = {
  200: {
    description: `With \`Accept: ${EVENT_STREAM_TYPE}\`, a stream of events as they happen. It begins after the id in \`Last-Event-ID\` or \`after\`, else now.`,
    content: {
      'application/json': { schema: eventPageSchema },
      [EVENT_STREAM_TYPE]: { schema: Type.String() },
    },
  },
};

export function eventRoutes(app: HttpServer, context: ApiContext): void {
  const schema = (summary: string) => ({ summary, querystring: eventQuery, response: answer });

  app.get(
    '/v1/events',
    { onRequest: needsOverview(context), schema: schema('Shows what happened, as a page or a stream') },
    (request, reply) => answerWith(request, reply, false),
  );
  app.get(
    '/v1/audit',
    { onRequest: needsRead(context), schema: schema('Shows who did what, as a page or a stream') },
    (request, reply) => answerWith(request, reply, true),
  );

  async function answerWith(
    request: FastifyRequest<{ Querystring: EventQuery }>,
    reply: FastifyReply,
    acts: boolean,
  ) {
    const { after, before, limit = '100', ...asked } = request.query;
    if (after !== undefined && before !== undefined)
      throw new SkerryError('bad-request', 'give either `after` or `before`');
    const { filter, shown } = visibleEvents(request, { acts, ...asked });
    // A HEAD request has no body to stream.
    if (request.method === 'GET' && request.headers.accept?.includes(EVENT_STREAM_TYPE))
      return stream(request, reply, shown);
    const cursor =
      after === undefined
        ? { before: before === undefined ? Number.MAX_SAFE_INTEGER : Number(before) }
        : { after: Number(after) };
    const page = await context.events.page(cursor, filter, Number(limit));
    return { ...page, events: page.events.flatMap((event) => shown(event) ?? []) };
  }

  async function stream(
    request: FastifyRequest<{ Querystring: EventQuery }>,
    reply: FastifyReply,
    shown: Parameters<typeof sendEvents>[1]['shown'],
  ) {
    const { clock, catalog, events, followers, stopping } = context;
    const { id: token = '' } = caller.getStore()?.token ?? {};
    const after = startOf(request) ?? (await events.newest());
    const leave = followers.take(token);
    reply.hijack();
    try {
      await sendEvents(reply.raw, {
        pages: events.follow(after, AbortSignal.any([stopping, untilClosed(reply.raw)])),
        shown,
        mayGoOn: async () => (await validToken(catalog, token, clock.now())) !== undefined,
        clock,
      });
    } finally {
      if (!reply.raw.writableEnded) reply.raw.destroy();
      leave();
    }
  }
}

/** The id after which a stream begins. Undefined for one that begins now. */
function startOf({ headers, query }: FastifyRequest<{ Querystring: EventQuery }>): number | undefined {
  const { 'last-event-id': last } = headers;
  if (query.before !== undefined) throw new SkerryError('bad-request', 'a stream begins with `after`');
  const text = last ?? query.after;
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string' || !new RegExp(ID).test(text))
    throw new SkerryError('bad-request', 'Last-Event-ID is not the id of an event');
  return Number(text);
}
