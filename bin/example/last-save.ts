import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Commit, DiffLine, Revision } from '../../shared/wire/api.ts';
import type { ByteLog } from './byte-log.ts';

const POLL_MS = 50;
/** If an edge has not signed a receipt by then, it shows a later revision or is offline. */
const LATEST_MS = 15_000;
/** If a save changed more files, only the first ones are named, and only their times are read. */
const MOST_NAMED = 100;
/** A file with an older time was probably moved into the folder, so its time does not show when it was saved. */
const OLDEST_SAVE_MS = 60_000;

/** The time and the bytes that it took to bring a revision to one edge. */
interface Arrival {
  readonly edge: string;
  /** The time from the save to the moment for which the edge signed a receipt. Null until the receipt has arrived. */
  readonly ms: number | null;
  /** All bytes between the edge and the origin in that time, in both directions. */
  readonly bytes: number | null;
}

export interface Save {
  readonly revision: number;
  /** The paths of the first changed files. */
  readonly files: readonly string[];
  readonly fileCount: number;
  /** The sizes of the changed files, added up. */
  readonly fileBytes: number;
  readonly arrivals: readonly Arrival[];
}

export interface LastSaveParts {
  readonly client: Pick<ApiClient, 'revision' | 'diff'>;
  readonly site: string;
  readonly folder: string;
  /** Counts the bytes between each edge and the origin. */
  readonly lines: ReadonlyMap<string, Pick<ByteLog, 'since'>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Measures how many bytes the newest save transferred, and how long it took according to the edges' receipts. */
export class LastSave {
  readonly #parts: LastSaveParts;
  #save: Save | null = null;
  #superseded = new AbortController();

  constructor(parts: LastSaveParts) {
    this.#parts = parts;
  }

  get save(): Save | null {
    return this.#save;
  }

  /** Called when a change of the folder has been committed. Ends the measurement of the previous save. */
  committed(commit: Pick<Commit, 'revision' | 'unchanged'>): void {
    if (commit.unchanged) return;
    this.#superseded.abort();
    this.#superseded = new AbortController();
    const signal = AbortSignal.any([this.#parts.signal, this.#superseded.signal]);
    // The measurement is only shown on the page. If it fails, the page merely does not show the last save.
    this.#follow(commit.revision, signal).catch(() => {});
  }

  async #follow(number: number, signal: AbortSignal): Promise<void> {
    const { client, site, folder, lines, clock } = this.#parts;
    const revision = await client.revision(site, number);
    const changed = await changedFiles(client.diff(site, revision.base, number), signal);
    const saved = await savedAt(folder, changed.files, revision);
    const arrivals = new Map<string, Arrival>(
      [...lines.keys()].map((edge) => [edge, { edge, ms: null, bytes: null }]),
    );
    const latest = clock.monotonic() + LATEST_MS;
    while (!signal.aborted) {
      const { receipts } = await client.revision(site, number);
      for (const { edge, since } of receipts) {
        if (arrivals.get(edge)?.ms !== null) continue;
        const bytes = lines.get(edge)?.since(saved) ?? null;
        arrivals.set(edge, { edge, ms: Math.max(0, Math.round(since - saved)), bytes });
      }
      if (signal.aborted) return;
      this.#save = { revision: number, ...changed, arrivals: [...arrivals.values()] };
      const isOver = [...arrivals.values()].every(({ ms }) => ms !== null) || clock.monotonic() > latest;
      if (isOver) return;
      await clock.sleep(POLL_MS, signal);
    }
  }
}

type ChangedFiles = Pick<Save, 'files' | 'fileCount' | 'fileBytes'>;

async function changedFiles(lines: AsyncIterable<DiffLine>, signal: AbortSignal): Promise<ChangedFiles> {
  const files: string[] = [];
  let fileCount = 0;
  let fileBytes = 0;
  for await (const { path, size = 0 } of lines) {
    signal.throwIfAborted();
    if (files.length < MOST_NAMED) files.push(path);
    fileCount++;
    fileBytes += size;
  }
  return { files, fileCount, fileBytes };
}

/** The time at which the last of the files was written, or the time of the commit if the files do not show it. */
async function savedAt(
  folder: string,
  files: readonly string[],
  { time: committed }: Pick<Revision, 'time'>,
): Promise<number> {
  const times = await Promise.all(
    files.map((path) =>
      stat(join(folder, path)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const last = Math.max(0, ...times.filter((time) => time <= committed));
  return last > committed - OLDEST_SAVE_MS ? last : committed;
}
