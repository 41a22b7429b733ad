import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';
import type { MemberKey } from '../../../shared/wire/protocol.ts';

type Member = MemberKey & Partial<Pick<Payload<'member'>, 'revoked'>>;

/** The members of the log that this edge knows, by key. Parents show certificates for these keys. */
export class Roster {
  #names: ReadonlyMap<PublicKey, string> = new Map();

  /**
   * Replaces the members with those that the origin named when this edge joined, or those in the newest records.
   * Ignores a list without `own`, the name of this edge, because such a list may also lack edges that joined earlier.
   */
  set(members: readonly Member[], own: string): void {
    if (!members.some(({ name }) => name === own)) return;
    const valid = members.filter(({ revoked = false }) => !revoked);
    this.#names = new Map(valid.map(({ name, publicKey }) => [publicKey as PublicKey, name]));
  }

  /** The name of the member with this key. Undefined for any other key. */
  readonly nameOf = (key: PublicKey): string | undefined => this.#names.get(key);
}
