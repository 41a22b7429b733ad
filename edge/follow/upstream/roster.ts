import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';

/** The members of the log by key, as far as this edge knows them. Parents show certificates of these keys. */
export class Roster {
  #names: ReadonlyMap<PublicKey, string> | undefined;

  /**
   * Sets the members as the newest records name them. `own` is the name of this edge: before it has read its own record
   * it may also lack those of edges that joined earlier.
   */
  set(members: readonly Pick<Payload<'member'>, 'name' | 'publicKey' | 'revoked'>[], own: string): void {
    if (!members.some(({ name }) => name === own)) return;
    const valid = members.filter(({ revoked }) => !revoked);
    this.#names = new Map(valid.map(({ name, publicKey }) => [publicKey as PublicKey, name]));
  }

  /** Undefined for the key of a stranger. Null while this edge does not know the members. */
  readonly nameOf = (key: PublicKey): string | null | undefined =>
    this.#names === undefined ? null : this.#names.get(key);
}
