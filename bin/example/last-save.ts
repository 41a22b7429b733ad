import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Commit, DiffLine, Revision } from '../../shared/wire/api.ts';
import type { ByteLog } from './byte-log.ts';

const POLL_MS = 50;
/** An edge that has not signed a receipt by then shows a later revision, or is away. */
const LATEST_MS = 15_000;
/** Of a save that changed more files these alone are named, and looked at for their time. */
const MOST_NAMED = 100;
/** A file that is older was moved to where it is now: that it was saved at that time means nothing. */
const OLDEST_SAVE_MS = 60_000;

/** The time and the bytes that it took to bring a revision to one edge. */
interface Arrival {
  readonly edge: string;
  /** From the save to the moment for which the edge signed a receipt; null until the receipt is there. */
  readonly ms: number | null;
  /** All that passed between the edge and the origin meanwhile, in both directions. */
  readonly bytes: number | null;
}

export interface Save {
  readonly revision: number;
  /** The paths of the first ones that it changed. */
  readonly files: readonly string[];
  readonly fileCount: number;
  /** The sizes of the files that it put. */
  readonly fileBytes: number;
  readonly arrivals: readonly Arrival[];
}

export interface LastSaveParts {
  readonly client: Pick<ApiClient, 'revision' | 'diff'>;
  readonly site: string;
  readonly folder: string;
  /** What passes between each edge and the origin. */
  readonly lines: ReadonlyMap<string, Pick<ByteLog, 'since'>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What the newest save moved, and how long it took, as the edges' receipts say. */
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

  /** A change of the folder was committed. What is still told of the save before it ends. */
  committed(commit: Pick<Commit, 'revision' | 'unchanged'>): void {
    if (commit.unchanged) return;
    this.#superseded.abort();
    this.#superseded = new AbortController();
    const signal = AbortSignal.any([this.#parts.signal, this.#superseded.signal]);
    // It is told for the eye alone: without it the last save is not told of, and nothing else is amiss.
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

/** When the last of the files was written, as far as that can be told; else the time of the commit. */
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
