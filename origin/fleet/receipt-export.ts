import type { Clock } from '../../shared/clock.ts';
import { recordHash } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { writeReceiptFile } from '../../shared/receipts/receipt-file.ts';
import { signRoster } from '../../shared/receipts/roster.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { Evidence, EvidenceCalls } from '../catalog/evidence-calls.ts';

interface Site {
  readonly id: number;
  readonly name: string;
}

export interface ReceiptExportOptions {
  readonly catalog: Remote<EvidenceCalls>;
  readonly clock: Clock;
  readonly identity: { readonly log: string; readonly epoch: number; readonly key: Payload<'key'> };
  /** The origin's signing key, which signs the roster. */
  readonly key: SigningKey;
}

/** Writes the files with which others can check receipts by themselves. */
export class ReceiptExport {
  readonly #options: ReceiptExportOptions;

  constructor(options: ReceiptExportOptions) {
    this.#options = options;
  }

  /** `record` is a step of a rollout or an abort; otherwise it is the activation. Throws `no-such-revision`. */
  async ofRevision({ id, name }: Site, revision: number, record?: number): Promise<string> {
    return this.#file(name, await this.#options.catalog.revisionEvidence(id, revision, record));
  }

  /** Throws `no-such-purge`. */
  async ofPurge({ id, name }: Site, seq: number): Promise<string> {
    return this.#file(name, await this.#options.catalog.purgeEvidence(id, seq));
  }

  #file(site: string, { record, end, members, receipts }: Evidence): string {
    const { clock, identity, key } = this.#options;
    const { log, epoch } = identity;
    const { publicKey } = key;
    const roster = signRoster(
      {
        ...{ log, epoch, seq: end.seq, hash: end.hash, time: clock.now(), site, about: recordHash(record) },
        keys: [[publicKey, 1]],
        members: [...members],
      },
      key,
    );
    return writeReceiptFile({ certificates: [identity.key], record, roster, receipts: [...receipts] });
  }
}
