import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';
import type { MemberKey } from '../../../shared/wire/protocol.ts';

type Member = MemberKey & Partial<Pick<Payload<'member'>, 'revoked'>>;

/** The members of the log by key, as far as this edge knows them. Parents show certificates of these keys. */
export class Roster {
  #names: ReadonlyMap<PublicKey, string> = new Map();

  /**
   * Sets the members as the origin named them when this edge joined, or as the newest records name them. `own` is the
   * name of this edge: before it has read its own record it may also lack those of edges that joined earlier.
   */
  set(members: readonly Member[], own: string): void {
    if (!members.some(({ name }) => name === own)) return;
    const valid = members.filter(({ revoked = false }) => !revoked);
    this.#names = new Map(valid.map(({ name, publicKey }) => [publicKey as PublicKey, name]));
  }

  /** Undefined for the key of a stranger. */
  readonly nameOf = (key: PublicKey): string | undefined => this.#names.get(key);
}
