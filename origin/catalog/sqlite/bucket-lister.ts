import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestFromBytes } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { ENTRY_COLUMNS, toEntry } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { ListedObject, ListItem, ListPage, ListPosition, ListQuery } from '../bucket-calls.ts';
import { behindAll, commonPrefix, compareNames } from '../bucket-listing.ts';
import type { BucketObject } from '../bucket-object.ts';
import { type BucketState, etagOf, heldObject, publishedObject } from './bucket-rows.ts';
import type { CatalogContext } from './context.ts';

/** A call looks at this many rows at most, so that a folder of deleted files does not make it long. */
const MOST_ROWS = 10_000;

/** A name of the tip or of a change, with the row that gives it. A dead name is of older revisions only. */
interface Named {
  readonly path: string;
  readonly row: Row;
}

type Lister = (state: BucketState, query: ListQuery, at: ListPosition, limit: number) => ListPage;

/** Walks the tip and the held changes side by side, in the order of their names. */
export function bucketLister(sql: CatalogContext['sql']): Lister {
  /** The index alone tells whether an entry is in the tip. */
  const entriesFrom = (site: number, from: string) =>
    names(
      sql(
        `SELECT path, from_rev, to_rev, id FROM entry INDEXED BY entry_listing
         WHERE site = ? AND path >= ? ORDER BY path, from_rev`,
      ).iterate(site, from),
    );
  const changesFrom = (site: number, from: string) =>
    names(sql('SELECT * FROM bucket_object WHERE site = ? AND path >= ? ORDER BY path').iterate(site, from));

  const entryOf = ({ row }: Named) =>
    toEntry(sql(`SELECT ${ENTRY_COLUMNS} FROM entry e WHERE id = ?`).get(Number(row.id)) as Row);

  /** An entry that no S3 client has changed. Pages of such are long, so only what is shown is read. */
  function unchanged({ path, row }: Named): ListedObject {
    const found = sql('SELECT digest, size, time FROM entry WHERE id = ?').get(Number(row.id)) as Row;
    const etag = etagOf(digestFromBytes(found.digest as Uint8Array));
    return { path: path as ContentPath, size: Number(found.size), time: Number(found.time), etag };
  }

  function objectOf(
    state: BucketState,
    entry: Named | undefined,
    change: Named | undefined,
  ): ListedObject | undefined {
    if (change !== undefined && Number(change.row.number) > state.done) return shown(heldObject(change.row));
    if (entry === undefined) return undefined;
    return change === undefined ? unchanged(entry) : shown(publishedObject(entryOf(entry), change.row));
  }

  /** Whether the name is listed at all, without reading the entry. */
  function isListed(state: BucketState, entry: Named | undefined, change: Named | undefined): boolean {
    if (change !== undefined && Number(change.row.number) > state.done) return change.row.digest !== null;
    return entry !== undefined;
  }

  return (state, query, at, limit) => {
    const items: ListItem[] = [];
    let looked = 0;
    let { from, listed }: ListPosition = at;
    const isLive = ({ row }: Named) => Number(row.from_rev) <= state.tip && Number(row.to_rev) > state.tip;

    /** Walks until the page is full or the names of a common prefix are to be skipped. False at the end. */
    function walk(entries: Names, changes: Names): boolean {
      while (items.length < limit && looked < MOST_ROWS) {
        const path = first(entries.head, changes.head);
        if (path === undefined || !path.startsWith(query.prefix)) return false;
        from = path;
        let entry: Named | undefined;
        for (; entries.head?.path === path; entries.next(), looked++)
          if (isLive(entries.head)) entry = entries.head;
        const change = changes.head?.path === path ? changes.head : undefined;
        if (change !== undefined) {
          changes.next();
          looked++;
        }
        if (isListed(state, entry, change)) {
          const prefix = commonPrefix(path, query);
          if (prefix !== undefined) {
            if (compareNames(prefix, listed) > 0) {
              items.push({ kind: 'prefix', prefix });
              listed = prefix;
            }
            const next = behindAll(prefix);
            if (next === undefined) return false;
            from = next;
            looked++;
            return true;
          }
          const object = objectOf(state, entry, change) as ListedObject;
          items.push({ kind: 'object', object });
          listed = path;
        }
        from = `${path}\u0001`;
      }
      return true;
    }

    let goesOn = true;
    while (goesOn && items.length < limit && looked < MOST_ROWS) {
      using entries = entriesFrom(state.site, from);
      using changes = changesFrom(state.site, from);
      goesOn = walk(entries, changes);
    }
    return goesOn ? { items, next: { from, listed } } : { items };
  };
}

function shown(object: BucketObject | undefined): ListedObject | undefined {
  if (object === undefined) return undefined;
  const { path, size, time, etag, detail } = object;
  return { path, size, time, etag, ...(detail?.checksum && { checksum: detail.checksum }) };
}

/** Reads names one after another. `head` is the present one. */
interface Names extends Disposable {
  readonly head: Named | undefined;
  next(): void;
}

function names(rows: Iterator<Row>): Names {
  let head: Named | undefined;
  const next = () => {
    const { done, value } = rows.next();
    head = done ? undefined : { path: String(value.path), row: value };
  };
  next();
  return {
    get head() {
      return head;
    },
    next,
    // A statement that is not reset keeps the state that it reads.
    [Symbol.dispose]: () => rows.return?.(),
  };
}

function first(a: Named | undefined, b: Named | undefined): string | undefined {
  if (a === undefined || b === undefined) return (a ?? b)?.path;
  return compareNames(a.path, b.path) <= 0 ? a.path : b.path;
}
