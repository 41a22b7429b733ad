import type { EdgeStatus } from '../../shared/api.ts';

/** How far one site of one edge is behind what is live at the origin. */
export interface SiteLag {
  readonly live: number;
  readonly visible: number;
  /** Bytes of the objects between the two. */
  readonly bytes: number;
  /** When the first revision after the visible one was committed; undefined when there is none. */
  readonly behindSince: number | undefined;
  readonly error: string | null;
}

type EdgeSites = EdgeStatus['sites'];

export function siteStatus(lag: SiteLag, now: number): EdgeSites[string] {
  const isCurrent = lag.visible >= lag.live;
  const seconds = isCurrent || lag.behindSince === undefined ? 0 : Math.max(0, now - lag.behindSince) / 1000;
  return {
    revision: lag.visible,
    lag: { revisions: Math.max(0, lag.live - lag.visible), bytes: isCurrent ? 0 : lag.bytes, seconds },
    error: lag.error,
  };
}

export function edgeLag(head: number, position: number, sites: EdgeSites): EdgeStatus['lag'] {
  const lags = Object.values(sites).map(({ lag }) => lag);
  return {
    records: Math.max(0, head - position),
    bytes: lags.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...lags.map(({ seconds }) => seconds)),
  };
}
