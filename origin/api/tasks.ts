import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import {
  actionPlanSchema,
  newTaskSchema,
  taskDetailSchema,
  taskFilterSchema,
  taskListSchema,
  taskStatusSchema,
} from '../../shared/wire/task-api.ts';
import { caller } from '../callers/caller.ts';
import { type ApiContext, needsAdmin, needsRead } from './context.ts';

const NUMBER = '^(0|[1-9][0-9]{0,14})$';
/** A request may name a thousand edges, in addition to arguments of 16 KiB. */
const TASK_BYTES = 128 * 1024;
const taskParams = Type.Object({ task: Type.String({ pattern: NUMBER }) });

export function taskRoutes(app: HttpServer, context: ApiContext): void {
  const { tasks, reconciler, noteAct } = context;

  app.post(
    '/v1/tasks',
    {
      onRequest: needsAdmin(context),
      bodyLimit: TASK_BYTES,
      schema: {
        summary: 'Creates a task for edges',
        body: newTaskSchema,
        response: { 201: taskStatusSchema },
      },
    },
    async ({ body }, reply) => {
      const task = await tasks.create(body, causeOfCaller());
      noteAct('task-create', { task: task.id, kind: task.kind, target: task.target });
      return reply.code(201).header('location', `/v1/tasks/${task.id}`).send(task);
    },
  );

  app.get(
    '/v1/tasks',
    {
      onRequest: needsRead(context),
      schema: {
        summary: 'Lists tasks, newest first',
        querystring: Type.Object({
          ...taskFilterSchema.properties,
          before: Type.Optional(Type.String({ pattern: NUMBER })),
        }),
        response: { 200: taskListSchema },
      },
    },
    ({ query: { before, ...filter } }) => tasks.list(filter, before === undefined ? null : Number(before)),
  );

  app.get(
    '/v1/tasks/plan',
    {
      onRequest: needsRead(context),
      schema: {
        summary: 'Shows which tasks the origin would create now',
        response: { 200: actionPlanSchema },
      },
    },
    () => reconciler.plan(),
  );

  app.get(
    '/v1/tasks/:task',
    {
      onRequest: needsRead(context),
      schema: {
        summary: 'Shows a task with its shares',
        params: taskParams,
        querystring: Type.Object({ from: Type.Optional(Type.String({ pattern: NUMBER })) }),
        response: { 200: taskDetailSchema },
      },
    },
    ({ params, query }) => tasks.detail(Number(params.task), Number(query.from ?? 0)),
  );

  for (const [verb, summary] of [
    ['cancel', 'Cancels the shares of a task that have not ended'],
    ['retry', 'Gives the shares of a task that failed or expired to edges again'],
  ] as const)
    app.post(
      `/v1/tasks/:task/${verb}`,
      {
        onRequest: needsAdmin(context),
        schema: { summary, params: taskParams, response: { 200: taskStatusSchema } },
      },
      async ({ params }) => {
        const task = await tasks[verb](Number(params.task));
        noteAct(`task-${verb}`, { task: task.id });
        return task;
      },
    );
}

function causeOfCaller(): string {
  const { token, address } = caller.getStore() ?? {};
  return token === undefined ? `a request from ${address}` : `token ${token.id}`;
}
