import { buffer } from 'node:stream/consumers';
import { ByteCache } from '../../shared/byte-cache.ts';
import type { Digest } from '../../shared/digest.ts';
import type { Entry } from '../../shared/entry.ts';
import { SkerryError } from '../../shared/errors.ts';
import { parseHeaders } from '../../shared/site-rules/headers-file.ts';
import { MOST_FAULTS, MOST_RULE_BYTES } from '../../shared/site-rules/limits.ts';
import { parseRedirects } from '../../shared/site-rules/redirects-file.ts';
import { HEADERS_FILE, isRuleFile, type RuleFault } from '../../shared/site-rules/rule-lines.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';

const FAULTS_SHOWN = 20;
/** Files found good, by digest and name: most commits leave them as they are. */
const REMEMBERED_BYTES = 64 * 1024;

/** Refuses `_headers` and `_redirects` that an edge would not understand, before they are committed. */
export class RuleCheck {
  readonly #store: ObjectStore;
  readonly #good = new ByteCache<`${string} ${Digest}`, true>({ bytes: REMEMBERED_BYTES, sizeOf: () => 1 });

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Nothing for other files. Throws `bad-rules` with the faults and their lines, `no-such-object`. */
  async check({ path, digest, size }: Pick<Entry, 'path' | 'digest' | 'size'>): Promise<void> {
    if (!isRuleFile(path) || this.#good.get(`${path} ${digest}`)) return;
    if (size > MOST_RULE_BYTES) {
      throw new SkerryError('bad-rules', `${path} has ${size} bytes; ${MOST_RULE_BYTES} is the most`);
    }
    const stored = await this.#store.open(digest);
    if (stored === undefined) throw new SkerryError('no-such-object', `the object ${digest} is not stored`);
    const content = (await buffer(stored)).toString('utf8');
    const { faults } = path === HEADERS_FILE ? parseHeaders(content) : parseRedirects(content);
    const [first] = faults;
    if (first !== undefined) throw badRules(path, first, faults);
    this.#good.set(`${path} ${digest}`, true);
  }
}

function badRules(path: string, first: RuleFault, faults: readonly RuleFault[]): SkerryError {
  const atLeast = faults.length === MOST_FAULTS ? 'at least ' : '';
  const more = faults.length === 1 ? '' : ` (and ${atLeast}${faults.length - 1} more)`;
  return new SkerryError('bad-rules', `${path}, line ${first.line}: ${first.fault}${more}`, {
    details: { file: path, faults: faults.slice(0, FAULTS_SHOWN) },
  });
}
