import type { EdgeStatus } from '../../shared/wire/api.ts';

/** How far one site of one edge is behind what is live at the origin. */
export interface SiteLag {
  readonly visible: number;
  readonly prepared: number;
  /** How many revisions have been live since the visible one. */
  readonly revisions: number;
  /** Bytes of the objects between the two. */
  readonly bytes: number;
  /** When the first revision after the visible one became live; undefined when there is none. */
  readonly behindSince: number | undefined;
  readonly error: string | null;
}

type EdgeSites = EdgeStatus['sites'];

/** A revision that is pending is not live, so nobody is behind for lack of it. */
export function siteStatus(lag: SiteLag, now: number): EdgeSites[string] {
  const isCurrent = lag.revisions === 0;
  const seconds = isCurrent || lag.behindSince === undefined ? 0 : Math.max(0, now - lag.behindSince) / 1000;
  return {
    revision: lag.visible,
    prepared: lag.prepared,
    lag: { revisions: lag.revisions, bytes: isCurrent ? 0 : lag.bytes, seconds },
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
