import { MOST_VERIFIED, type VerifiedSite, type VerifyResult } from '../../../shared/work/verify.ts';

/** Sums up the findings of each site, and names as many as a result may have. */
export class VerifyTally {
  readonly #sites: VerifiedSite[] = [];
  #verified = 0;
  #isSound = true;
  #pathsLeft = MOST_VERIFIED.paths;

  /** The number of damaged files that the result may still name. */
  get pathsLeft(): number {
    return this.#pathsLeft;
  }

  add(site: VerifiedSite): void {
    this.#verified++;
    this.#pathsLeft -= site.paths.length;
    const { manifest, damaged, repaired } = site;
    this.#isSound &&= manifest !== 'damaged' && (damaged === 0 || repaired);
    if (this.#sites.length < MOST_VERIFIED.sites || this.#makeRoom(site)) this.#sites.push(site);
  }

  result(others: VerifyResult['others']): VerifyResult {
    return { isSound: this.#isSound, verified: this.#verified, sites: this.#sites, others };
  }

  /** A site with faults takes the place of a sound one. */
  #makeRoom(site: VerifiedSite): boolean {
    if (isClean(site)) return false;
    const at = this.#sites.findLastIndex(isClean);
    if (at === -1) return false;
    this.#sites.splice(at, 1);
    return true;
  }
}

function isClean({ manifest, damaged }: VerifiedSite): boolean {
  return manifest === 'sound' && damaged === 0;
}
