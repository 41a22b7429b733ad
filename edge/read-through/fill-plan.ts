import type { ChunkRun } from '../follow/fetch/large-objects.ts';

/** Transfers of one object side by side: one for the whole of it, others for ranges far ahead of that. */
const MOST_LANES = 3;
/** Beside them, for readers who would wait for their first byte: each brings a few chunks. */
const MOST_SHORT_LANES = 8;
/** What a transfer brings so soon is waited for, instead of fetching it by another. */
const SOON_CHUNKS = 8;

/** A transfer that runs: it brings the chunks from `next` up to, not including, `end`, in order. */
export interface Lane {
  readonly next: number;
  readonly end: number;
}

export interface FillState {
  /** By chunk: whether it is there. */
  isHeld(chunk: number): boolean;
  readonly lanes: readonly Lane[];
  /** What readers wait for, the oldest wish first; each begins with a chunk that is not there. */
  readonly wants: Iterable<ChunkRun>;
}

/**
 * The next run of chunks to fetch; undefined when all that is wanted is there, under way or has to wait for a lane.
 * It ends where something is there already or where a lane brings it soon. One that begins within a lane takes over
 * from there: the lane ends before it. When many lanes run, only what a reader needs next gets one, and a short one.
 */
export function nextRun({ isHeld, lanes, wants }: FillState): ChunkRun | undefined {
  if (lanes.length >= MOST_LANES + MOST_SHORT_LANES) return undefined;
  const isShort = lanes.length >= MOST_LANES;
  for (const want of wants) {
    for (let first = want.first; first < want.end; first++) {
      if (isShort && first > want.first) break;
      if (isHeld(first)) continue;
      const most = Math.min(want.end, isShort ? first + SOON_CHUNKS : want.end);
      const lane = lanes.find(({ next, end }) => next <= first && first < end);
      if (lane === undefined) return { first, end: endOfRun(first, most, isHeld, lanes) };
      // A reader waits for its first byte: what comes behind that has time until then.
      if (first === want.first && first - lane.next >= SOON_CHUNKS)
        return { first, end: endOfRun(first, Math.min(most, lane.end), isHeld, []) };
      first = lane.end - 1;
    }
  }
  return undefined;
}

function endOfRun(first: number, most: number, isHeld: FillState['isHeld'], lanes: readonly Lane[]): number {
  let end = first + 1;
  while (end < most && !isHeld(end) && !lanes.some(({ next }) => next === end)) end++;
  return end;
}

/** What a reader finds who comes now. */
export interface Finding {
  /** `partial`: some of it is there. */
  readonly found: 'all' | 'partial' | 'none';
  /** All that is missing is on its way already. */
  readonly isCollapsed: boolean;
}

export function finding(want: ChunkRun, { isHeld, lanes }: Omit<FillState, 'wants'>): Finding {
  let held = 0;
  let coming = 0;
  for (let chunk = want.first; chunk < want.end; chunk++) {
    if (isHeld(chunk)) held++;
    else if (lanes.some(({ next, end }) => next <= chunk && chunk < end)) coming++;
  }
  const missing = want.end - want.first - held;
  return {
    found: missing === 0 ? 'all' : held > 0 ? 'partial' : 'none',
    isCollapsed: missing > 0 && coming === missing,
  };
}

/** Whether somebody still waits for a chunk that the lane has yet to bring. */
export function isWanted(
  { next, end }: Lane,
  wants: Iterable<ChunkRun>,
  isHeld: FillState['isHeld'],
): boolean {
  for (const want of wants)
    for (let chunk = Math.max(next, want.first); chunk < Math.min(end, want.end); chunk++)
      if (!isHeld(chunk)) return true;
  return false;
}
