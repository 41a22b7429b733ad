import { schema } from '../../shared/json/schema.ts';
import { type VerifiedSite, type VerifyResult, verifyKind } from '../../shared/work/verify.ts';
import { humanBytes, plural } from '../terminal/output.ts';

const results = schema(verifyKind.result);

/** Parses a result. Returns undefined if it has another form, because the edge has another version or is broken. */
export function verifyResult(result: unknown): VerifyResult | undefined {
  try {
    return results.parse(result);
  } catch {
    return undefined;
  }
}

/** The findings of a check, added up over sites or over edges. */
export interface Found {
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
}

export function foundIn({ sites, others }: VerifyResult): Found {
  return {
    objects: sites.reduce((sum, site) => sum + site.objects, others.objects),
    bytes: sites.reduce((sum, site) => sum + site.bytes, 0),
    damaged: sites.reduce((sum, site) => sum + site.damaged, others.damaged),
  };
}

export type Soundness = 'sound' | 'repaired' | 'DAMAGED';

export function soundness(result: VerifyResult): Soundness {
  if (!result.isSound) return 'DAMAGED';
  return result.sites.every((site) => siteSoundness(site) === 'sound') ? 'sound' : 'repaired';
}

function siteSoundness({ manifest, damaged, repaired }: VerifiedSite): Soundness {
  if (damaged === 0 && manifest === 'sound') return 'sound';
  return manifest !== 'damaged' && (damaged === 0 || repaired) ? 'repaired' : 'DAMAGED';
}

/** Lines about all sites that the result names. */
export function verifyLines({ verified, sites, others }: VerifyResult): string[] {
  const lines = sites.flatMap((site) => [siteLine(site), ...faultLines(site)]);
  if (verified > sites.length) lines.push(`and ${plural(verified - sites.length, 'other site')}`);
  if (others.damaged > 0)
    lines.push(
      `${plural(others.damaged, 'damaged object')} of other revisions: removed, and fetched again when needed`,
    );
  return lines;
}

/** Lines about the damage that was found. Empty if the edge is sound. */
export function damageLines(result: VerifyResult): string[] {
  const sites = result.sites.filter((site) => siteSoundness(site) !== 'sound');
  return verifyLines({ ...result, sites, verified: sites.length });
}

function siteLine(site: VerifiedSite): string {
  const { name, revision, objects, bytes } = site;
  return `${name}@${revision}: ${plural(objects, 'object')}, ${humanBytes(bytes)}, ${siteSoundness(site)}`;
}

function faultLines({ manifest, paths, damaged }: VerifiedSite): string[] {
  return [
    ...(manifest === 'damaged' ? ['  the manifest is not the one that the origin signed'] : []),
    ...paths.map((path) => `  ${path}`),
    ...(damaged > paths.length ? [`  and ${plural(damaged - paths.length, 'other file')}`] : []),
  ];
}
