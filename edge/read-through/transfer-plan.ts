import type { ChunkRun } from '../follow/fetch/large-objects.ts';

/**
 * The maximum number of parallel transfers of one object: one for the whole object, and the others for ranges far ahead
 * of it.
 */
const MOST_TRANSFERS = 3;
/**
 * The maximum number of additional short transfers, of a few chunks each, for readers who still wait for their first
 * byte.
 */
const MOST_SHORT_TRANSFERS = 8;
/**
 * If a running transfer is at most this many chunks away from a chunk, a reader waits for that transfer, because a new
 * one would not be faster.
 */
const SOON_CHUNKS = 8;

/** A running transfer. It fetches the chunks from `next` up to, but not including, `end`, in order. */
export interface ChunkTransfer {
  readonly next: number;
  readonly end: number;
}

export interface TransferState {
  /** Whether the file has this chunk. */
  isHeld(chunk: number): boolean;
  readonly transfers: readonly ChunkTransfer[];
  /** The runs that readers wait for, the oldest first. Each begins with a missing chunk. */
  readonly requested: Iterable<ChunkRun>;
}

/**
 * The next run of chunks to fetch. Undefined when each requested chunk is held, is being fetched, or must wait until a
 * transfer ends.
 *
 * A run ends before a chunk that is held or that a transfer will fetch soon. A run may begin in the middle of a running
 * transfer. It then takes over the rest, and the running transfer ends where the run begins. If many transfers run
 * already, only the first chunk of a request gets another transfer, which is short.
 */
export function nextRun({ isHeld, transfers, requested }: TransferState): ChunkRun | undefined {
  if (transfers.length >= MOST_TRANSFERS + MOST_SHORT_TRANSFERS) return undefined;
  const isShort = transfers.length >= MOST_TRANSFERS;
  for (const run of requested) {
    for (let first = run.first; first < run.end; first++) {
      if (isShort && first > run.first) break;
      if (isHeld(first)) continue;
      const most = Math.min(run.end, isShort ? first + SOON_CHUNKS : run.end);
      const transfer = transfers.find(({ next, end }) => next <= first && first < end);
      if (transfer === undefined) return { first, end: endOfRun(first, most, isHeld, transfers) };
      // Only the first chunk of a request may take over, because its reader has received no bytes yet.
      if (first === run.first && first - transfer.next >= SOON_CHUNKS)
        return { first, end: endOfRun(first, Math.min(most, transfer.end), isHeld, []) };
      first = transfer.end - 1;
    }
  }
  return undefined;
}

function endOfRun(
  first: number,
  most: number,
  isHeld: TransferState['isHeld'],
  transfers: readonly ChunkTransfer[],
): number {
  let end = first + 1;
  while (end < most && !isHeld(end) && !transfers.some(({ next }) => next === end)) end++;
  return end;
}

/** How much of a run is available when a reader requests it. */
export interface Availability {
  readonly found: 'all' | 'partial' | 'none';
  /** True if running transfers already fetch everything that is missing. */
  readonly isCollapsed: boolean;
}

export function availabilityOf(
  run: ChunkRun,
  { isHeld, transfers }: Omit<TransferState, 'requested'>,
): Availability {
  let held = 0;
  let coming = 0;
  for (let chunk = run.first; chunk < run.end; chunk++) {
    if (isHeld(chunk)) held++;
    else if (transfers.some(({ next, end }) => next <= chunk && chunk < end)) coming++;
  }
  const missing = run.end - run.first - held;
  return {
    found: missing === 0 ? 'all' : held > 0 ? 'partial' : 'none',
    isCollapsed: missing > 0 && coming === missing,
  };
}

/** Whether a reader still waits for a chunk that the transfer has yet to fetch. */
export function isRequested(
  { next, end }: ChunkTransfer,
  requested: Iterable<ChunkRun>,
  isHeld: TransferState['isHeld'],
): boolean {
  for (const run of requested)
    for (let chunk = Math.max(next, run.first); chunk < Math.min(end, run.end); chunk++)
      if (!isHeld(chunk)) return true;
  return false;
}
