import { buffer } from 'node:stream/consumers';
import { FairTurns } from '../../shared/concurrency/fair-turns.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { SkerryError } from '../../shared/errors.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { MOST_FAULTS, MOST_RULE_BYTES } from '../../shared/site/rules/limits.ts';
import { isRuleFile, RULE_FILES, type RuleFault } from '../../shared/site/rules/rule-lines.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { StagingCalls } from '../catalog/staging-calls.ts';

const FAULTS_SHOWN = 20;
/** The number of faults in the message, which is one line. */
const FAULTS_NAMED = 10;
/** Remembers valid files, by digest and name, because most commits do not change them. */
const REMEMBERED_BYTES = 64 * 1024;

type FaultsOf = (path: ContentPath, content: string) => Promise<readonly RuleFault[]>;

/** The maximum number of files that wait to be read, for one site and for all sites together. */
const MOST_WAITING = { perOwner: 16, inAll: 1024 };

/**
 * Refuses a commit whose `_headers` or `_redirects` an edge would not understand. The largest files take tens of
 * milliseconds, so a thread reads them, each content once, and sites take turns.
 */
export class RuleCheck {
  readonly #store: ObjectStore;
  readonly #faultsOf: FaultsOf;
  readonly #good = new ByteCache<`${string} ${Digest}`, true>({ bytes: REMEMBERED_BYTES, sizeOf: () => 1 });
  readonly #turns = new FairTurns({ ...MOST_WAITING, atOnce: 1 });

  /** `faultsOf` runs in a thread. */
  constructor(store: ObjectStore, faultsOf: FaultsOf) {
    this.#store = store;
    this.#faultsOf = faultsOf;
  }

  /** Checks the staged revision of a site. Throws like `check`. */
  async checkStaged(catalog: Pick<Remote<StagingCalls>, 'staged'>, site: number): Promise<void> {
    for (const path of RULE_FILES) {
      const entry = await catalog.staged(site, path);
      if (entry !== undefined) await this.check(site, entry);
    }
  }

  /** Ignores files without rules. Throws `bad-rules` with the faults and their lines, or `no-such-object`. */
  async check(site: number, { path, digest, size }: Pick<Entry, 'path' | 'digest' | 'size'>): Promise<void> {
    if (!isRuleFile(path) || this.#good.get(`${path} ${digest}`)) return;
    if (size > MOST_RULE_BYTES) {
      throw new SkerryError(
        'bad-rules',
        `${path} has ${size} bytes, and at most ${MOST_RULE_BYTES} are allowed`,
      );
    }
    await this.#turns.run(String(site), async () => {
      if (this.#good.get(`${path} ${digest}`)) return;
      const stored = await this.#store.open(digest);
      if (stored === undefined) throw new SkerryError('no-such-object', `the object ${digest} is not stored`);
      const faults = await this.#faultsOf(path, (await buffer(stored)).toString('utf8'));
      if (faults.length > 0) throw badRules(path, faults);
      this.#good.set(`${path} ${digest}`, true);
    });
  }
}

function badRules(path: string, faults: readonly RuleFault[]): SkerryError {
  const named = faults.slice(0, FAULTS_NAMED).map(({ line, fault }) => `line ${line}: ${fault}`);
  const atLeast = faults.length === MOST_FAULTS ? 'at least ' : '';
  const others = faults.length - named.length;
  const more = others === 0 ? '' : `; and ${atLeast}${others} more`;
  return new SkerryError('bad-rules', `${path}, ${named.join('; ')}${more}`, {
    details: { file: path, faults: faults.slice(0, FAULTS_SHOWN) },
  });
}
