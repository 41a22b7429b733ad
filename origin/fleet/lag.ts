import type { EdgeStatus } from '../../shared/wire/api.ts';

/** How far a site at an edge is behind the live revision. */
export interface SiteLag {
  readonly visible: number;
  readonly prepared: number;
  /** The number of revisions that have been live since the visible one. */
  readonly revisions: number;
  /** The bytes that the edge still has to fetch. */
  readonly bytes: number;
  /** When the first revision after the visible one became live. Undefined when there is none. */
  readonly behindSince: number | undefined;
  readonly error: string | null;
}

type EdgeSites = EdgeStatus['sites'];

/** A pending revision is not live, so an edge without it is not behind. */
export function siteStatus(lag: SiteLag, now: number): Omit<EdgeSites[string], 'readers'> {
  const isCurrent = lag.revisions === 0;
  const seconds = isCurrent || lag.behindSince === undefined ? 0 : Math.max(0, now - lag.behindSince) / 1000;
  return {
    revision: lag.visible,
    prepared: lag.prepared,
    lag: { revisions: lag.revisions, bytes: isCurrent ? 0 : lag.bytes, seconds },
    error: lag.error,
  };
}

export function edgeLag(
  head: number,
  position: number,
  sites: Readonly<Record<string, Pick<EdgeSites[string], 'lag'>>>,
): EdgeStatus['lag'] {
  const lags = Object.values(sites).map(({ lag }) => lag);
  return {
    records: Math.max(0, head - position),
    bytes: lags.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...lags.map(({ seconds }) => seconds)),
  };
}
