import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';

/** The members of the log by key, as far as this edge knows them. Parents show certificates of these keys. */
export class Roster {
  #names = new Map<PublicKey, string>();

  set(members: readonly Pick<Payload<'member'>, 'name' | 'publicKey' | 'revoked'>[]): void {
    const valid = members.filter(({ revoked }) => !revoked);
    this.#names = new Map(valid.map(({ name, publicKey }) => [publicKey as PublicKey, name]));
  }

  /** Undefined for the key of a stranger. Null while no member is known: every log that an edge follows has one. */
  readonly nameOf = (key: PublicKey): string | null | undefined =>
    this.#names.size === 0 ? null : this.#names.get(key);
}
