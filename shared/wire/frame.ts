import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import { JSON_BOUNDS, type JsonBounds } from '../json/bounded-json.ts';
import { schema } from '../json/schema.ts';
import { headSchema } from '../log/head.ts';
import { recordSchema } from '../log/record.ts';
import { MOST_READ, mostRead } from '../log/record-limits.ts';
import { nameSchema } from '../site/names.ts';

/**
 * The media type of the feed's long-lived response: one JSON object per line. `v` is the version of the frame type `t`.
 * A reader skips types and versions that it does not know, unless they are marked `critical`.
 */
export const FRAME_TYPE = 'application/x-ndjson';
/** A payload is JSON text within a JSON string, which at most doubles its length. */
export const MAX_FRAME_BYTES = 2 * MOST_READ + 4096;

/** The maximum number of names in a `report-now` frame. If more edges should report, the sender calls all edges. */
export const MOST_CALLED = 100;

/** The maximum number of sites for which a feed offers objects ahead of their revision. */
export const MOST_AHEAD_SITES = 16;

const recordFrame = Type.Object({ v: Type.Literal(1), t: Type.Literal('record'), record: recordSchema });
const headFrame = Type.Object({ v: Type.Literal(1), t: Type.Literal('head'), head: headSchema });
/**
 * The names of the edges from the sender up to the origin, the sender first. This frame is the first one, and is sent
 * again when the path changes.
 */
const pathFrame = Type.Object({
  v: Type.Literal(1),
  t: Type.Literal('path'),
  names: Type.Array(nameSchema, { maxItems: 64 }),
});
/** The edges that should report now, because the origin has work for them. Null means all. */
const reportNowFrame = Type.Object({
  v: Type.Literal(1),
  t: Type.Literal('report-now'),
  edges: Type.Union([Type.Array(nameSchema, { maxItems: MOST_CALLED }), Type.Null()]),
});
/** The sites for which the sender offers further objects ahead of their revision. */
const objectsAheadFrame = Type.Object({
  v: Type.Literal(1),
  t: Type.Literal('objects-ahead'),
  sites: Type.Array(Type.Integer({ minimum: 1 }), { maxItems: MOST_AHEAD_SITES }),
});
/** A record is flat, because its payload is a string. */
const FRAME_JSON: JsonBounds = {
  ...JSON_BOUNDS,
  length: MAX_FRAME_BYTES,
  token: MAX_FRAME_BYTES,
};

const envelope = schema(
  Type.Object({ v: Type.Integer(), t: Type.String(), critical: Type.Optional(Type.Boolean()) }),
);

const known = {
  record: schema(recordFrame),
  head: schema(headFrame),
  path: schema(pathFrame),
  'report-now': schema(reportNowFrame),
  'objects-ahead': schema(objectsAheadFrame),
};

export type Frame =
  | Static<typeof recordFrame>
  | Static<typeof headFrame>
  | Static<typeof pathFrame>
  | Static<typeof reportNowFrame>
  | Static<typeof objectsAheadFrame>;

/** A frame of a later version. A reader may skip it unless it is critical. */
export interface UnknownFrame {
  readonly t: 'unknown';
  readonly type: string;
  readonly critical: boolean;
}

export function encodeFrame(frame: Frame): string {
  return `${JSON.stringify(frame)}\n`;
}

/** Throws `upstream-protocol` when the line is not a frame. */
export function decodeFrame(line: string): Frame | UnknownFrame {
  const frame = envelope.parseText(line, 'upstream-protocol', FRAME_JSON);
  const { v, t, critical } = frame;
  if (v === 1 && t === 'record') return withinLimit(known.record.parse(frame, 'upstream-protocol'));
  if (v === 1 && t === 'head') return known.head.parse(frame, 'upstream-protocol');
  if (v === 1 && t === 'path') return known.path.parse(frame, 'upstream-protocol');
  if (v === 1 && t === 'report-now') return known['report-now'].parse(frame, 'upstream-protocol');
  if (v === 1 && t === 'objects-ahead') return known['objects-ahead'].parse(frame, 'upstream-protocol');
  return { t: 'unknown', type: `${t}/${v}`, critical: critical ?? false };
}

/** No origin writes a payload larger than the limit of its kind. */
function withinLimit(frame: Static<typeof recordFrame>): Frame {
  const { kind, seq, payload } = frame.record;
  const bytes = Buffer.byteLength(payload);
  if (bytes <= mostRead(kind)) return frame;
  throw new SkerryError(
    'upstream-protocol',
    `record ${seq}, of the kind ${kind}, has ${bytes} bytes of payload; at most ${mostRead(kind)} are read`,
  );
}
