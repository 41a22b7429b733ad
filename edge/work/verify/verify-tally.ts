import {
  MOST_VERIFIED,
  namedSites,
  type VerifiedSite,
  type VerifyResult,
} from '../../../shared/work/verify.ts';

/** Adds up the findings of each site, and names as many damaged files as a result may contain. */
export class VerifyTally {
  #sites: VerifiedSite[] = [];
  #verified = 0;
  #isSound = true;

  /** The number of damaged files that the result may still name. */
  get pathsLeft(): number {
    return MOST_VERIFIED.paths - this.#sites.reduce((sum, { paths }) => sum + paths.length, 0);
  }

  add(site: VerifiedSite): void {
    this.#verified++;
    const { manifest, damaged, repaired } = site;
    this.#isSound &&= manifest !== 'damaged' && (damaged === 0 || repaired);
    this.#sites = namedSites([...this.#sites, site]);
  }

  result(others: VerifyResult['others']): VerifyResult {
    return { isSound: this.#isSound, verified: this.#verified, sites: this.#sites, others };
  }
}
