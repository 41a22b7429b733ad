import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import { schema } from '../json/schema.ts';
import { type ContentPath, isContentPath } from './content-path.ts';
import { DIGEST_PATTERN, type Digest } from './digest.ts';
import { type Entry, type EntryMeta, entryTuple } from './entry.ts';
import { MOST_META, metaFault } from './entry-meta.ts';

/** One changed path between two states of a site. */
export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly path: ContentPath };

/**
 * The media type of a diff on the wire: one JSON array per line. The first line is `["diff",1,site,from,to]`. Then come
 * `["+",…entry tuple]` and `["-",path]` in no particular order, each path once. The last line is `["end",changes]`;
 * without it the diff is cut off. A diff from 0 is a whole manifest.
 */
export const DIFF_TYPE = 'application/x-ndjson';
export const MAX_DIFF_LINE = 64 * 1024;

const digest = Type.String({ pattern: DIGEST_PATTERN });
const put = Type.Tuple([
  Type.Literal('+'),
  Type.String(),
  digest,
  Type.Integer({ minimum: 0 }),
  Type.Union([digest, Type.Null()]),
  Type.String(),
  Type.Array(Type.Tuple([Type.String(), Type.String()]), { maxItems: MOST_META.pairs }),
  Type.Integer({ minimum: 0 }),
]);
const line = schema(
  Type.Union([
    put,
    Type.Tuple([Type.Literal('-'), Type.String()]),
    Type.Tuple([Type.Literal('end'), Type.Integer({ minimum: 0 })]),
    Type.Tuple([Type.Literal('diff'), Type.Literal(1), Type.Integer(), Type.Integer(), Type.Integer()]),
  ]),
);

export interface DiffRange {
  readonly site: number;
  readonly from: number;
  readonly to: number;
}

export function encodeDiffStart({ site, from, to }: DiffRange): string {
  return `${JSON.stringify(['diff', 1, site, from, to])}\n`;
}

export function encodeChange(change: Change): string {
  return change.kind === 'put'
    ? `${JSON.stringify(['+', ...entryTuple(change.entry)])}\n`
    : `${JSON.stringify(['-', change.path])}\n`;
}

export function encodeDiffEnd(changes: number): string {
  return `${JSON.stringify(['end', changes])}\n`;
}

/**
 * Yields the changes of the requested diff. Throws `upstream-protocol` on any other diff, and on one that is cut off.
 */
export async function* decodeDiff(
  source: AsyncIterable<string>,
  expected: DiffRange,
): AsyncGenerator<Change> {
  let started = false;
  let changes = 0;
  for await (const text of source) {
    const row = line.parseText(text, 'upstream-protocol');
    if (row[0] === 'diff') {
      const [, , site, from, to] = row;
      if (started || site !== expected.site || from !== expected.from || to !== expected.to) break;
      started = true;
      continue;
    }
    if (!started) break;
    if (row[0] === 'end') {
      if (row[1] === changes) return;
      break;
    }
    changes++;
    yield row[0] === '+'
      ? { kind: 'put', entry: checkedEntry(toEntry(row)) }
      : { kind: 'delete', path: checkedPath(row[1]) };
  }
  throw new SkerryError('upstream-protocol', 'a diff is cut off, or is not the requested one');
}

function toEntry([, path, digest, size, chunks, type, meta, time]: Static<typeof put>): Entry {
  return {
    path: checkedPath(path),
    digest: digest as Digest,
    size,
    chunks: chunks as Digest | null,
    type,
    meta: meta as EntryMeta,
    time,
  };
}

function checkedEntry(entry: Entry): Entry {
  const fault = metaFault(entry);
  if (fault !== undefined) throw new SkerryError('upstream-protocol', `in a diff, ${entry.path}: ${fault}`);
  return entry;
}

function checkedPath(path: string): ContentPath {
  if (!isContentPath(path))
    throw new SkerryError('upstream-protocol', `a diff has the invalid path ${JSON.stringify(path)}`);
  return path;
}
