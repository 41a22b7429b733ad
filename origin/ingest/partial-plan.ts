import { DIGEST_PATTERN, type Digest } from '../../shared/content/digest.ts';

/** Whose upload of which object it is. Each token has its own, so that no other token can spoil or stop it. */
export interface UploadPlace {
  readonly site: number;
  readonly token: string;
  readonly digest: Digest;
}

/** An upload that is not complete. */
export interface Partial extends UploadPlace {
  readonly size: number;
  /** When its last bytes came. */
  readonly touched: number;
  /** Whether a request is using it. */
  readonly isActive: boolean;
}

/** Incomplete uploads of one token for one site, and of one site. */
export const MOST_PARTIALS = { perToken: 64, perSite: 128 } as const;
export const PARTIAL_MS = 24 * 3_600_000;

const PREFIX = 'resumable';
const NAME = new RegExp(
  `^${PREFIX}-([0-9]{1,15})-([0-9a-f]{1,64})-(${DIGEST_PATTERN.replaceAll(/[\^$]/g, '')})$`,
);

/** The name of the draft. */
export function nameOf({ site, token, digest }: UploadPlace): string {
  return `${PREFIX}-${site}-${token}-${digest}`;
}

/** Undefined for a draft of another kind. */
export function placeOf(name: string): UploadPlace | undefined {
  const [, site, token, digest] = NAME.exec(name) ?? [];
  if (site === undefined || token === undefined || digest === undefined) return undefined;
  return { site: Number(site), token, digest: digest as Digest };
}

export interface Room {
  readonly hasRoom: boolean;
  /** Uploads that are given up, because they are too old, or for the new one. */
  readonly givenUp: readonly Partial[];
}

/** Decides what is given up for a new upload. Uploads that are running are never given up. */
export function roomFor(partials: readonly Partial[], place: UploadPlace, now: number): Room {
  const others = partials.filter((partial) => nameOf(partial) !== nameOf(place));
  const expired = expiredOf(others, now);
  const left = others.filter((partial) => !expired.includes(partial));
  const ofSite = left.filter(({ site }) => site === place.site);
  const ofToken = ofSite.filter(({ token }) => token === place.token);
  const own = oldest(ofToken, ofToken.length + 1 - MOST_PARTIALS.perToken);
  const rest = ofSite.filter((partial) => !own.includes(partial));
  const ofOthers = oldest(rest, rest.length + 1 - MOST_PARTIALS.perSite);
  const hasRoom =
    ofToken.length - own.length < MOST_PARTIALS.perToken &&
    rest.length - ofOthers.length < MOST_PARTIALS.perSite;
  return { hasRoom, givenUp: [...expired, ...(hasRoom ? [...own, ...ofOthers] : [])] };
}

export function expiredOf(partials: readonly Partial[], now: number): Partial[] {
  return partials.filter(({ touched, isActive }) => !isActive && touched <= now - PARTIAL_MS);
}

function oldest(partials: readonly Partial[], count: number): Partial[] {
  if (count <= 0) return [];
  return partials
    .filter(({ isActive }) => !isActive)
    .toSorted((a, b) => a.touched - b.touched)
    .slice(0, count);
}
