import { type Static, Type } from 'typebox';
import { count, nothing } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** The maximum number of items in each list, and of their bytes as JSON text. The most informative items come first. */
export const MOST_STATE = {
  sites: { items: 100, bytes: 5 * 1024 },
  faults: { items: 20, bytes: 4 * 1024 },
  lines: { items: 200, bytes: 11 * 1024 },
};

const orNull = <T extends ReturnType<typeof Type.String | typeof Type.Number>>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const text = Type.String({ maxLength: 1000 });

const reportStateResult = Type.Object({
  versions: Type.Object({ skerry: text, node: text, sqlite: text, system: text }),
  machine: Type.Object({
    processors: count,
    memoryBytes: count,
    freeMemoryBytes: count,
    upSeconds: count,
    edgeMemoryBytes: count,
    edgeUpSeconds: count,
  }),
  limits: Type.Object(
    {
      sites: Type.Union([count, Type.Null()]),
      prefixes: Type.Union([count, Type.Null()]),
      delay: Type.Number(),
      rate: orNull(Type.Number()),
      schedule: orNull(text),
      storage: text,
    },
    { description: 'The settings that limit the edge. Of names, only their number.' },
  ),
  storage: Type.Union([
    Type.Object({
      heldBytes: count,
      budgetBytes: count,
      evictedObjects: count,
      misses: count,
      collapsed: count,
    }),
    Type.Null(),
  ]),
  status: Type.Object({
    position: count,
    head: count,
    parent: orNull(text),
    upstream: text,
    isPaused: Type.Boolean(),
    isRefused: Type.Boolean(),
    isDiverged: Type.Boolean(),
    leaseSeconds: Type.Number(),
    contactSeconds: orNull(Type.Number()),
    clockOffset: orNull(Type.Number()),
  }),
  siteCount: count,
  sites: Type.Array(
    Type.Object({
      name: text,
      revision: count,
      target: count,
      prepared: count,
      pendingBytes: count,
      error: orNull(text),
    }),
    { maxItems: MOST_STATE.sites.items, description: 'Sites that are not up to date come first.' },
  ),
  faults: Type.Array(Type.Object({ time: Type.Integer(), code: text, message: text, upstream: text }), {
    maxItems: MOST_STATE.faults.items,
    description: 'The newest faults of upstreams, oldest first.',
  }),
  lines: Type.Array(text, {
    maxItems: MOST_STATE.lines.items,
    description: 'The newest lines of the log of the replicating process, oldest first.',
  }),
});
export type ReportStateResult = Static<typeof reportStateResult>;

/** Describes the edge for troubleshooting. The result is a support bundle without secrets. */
export const reportStateKind = {
  kind: 'report-state',
  askers: ['admin-port', 'task'],
  arguments: nothing,
  result: reportStateResult,
} satisfies WorkKind;
