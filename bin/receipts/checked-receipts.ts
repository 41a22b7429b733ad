import { SkerryError } from '../../shared/errors.ts';
import { checkReceipts, type Verdict } from '../../shared/receipts/check-receipts.ts';
import { type ReceiptFile, readReceiptFile } from '../../shared/receipts/receipt-file.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';

/** A longer list would not be read. */
const MOST_TOLD = 5;

/** Reads and checks a file of receipts. Throws `bad-receipts` and names what is wrong. */
export function checked(
  bytes: Uint8Array,
  trusted?: KeyFingerprint,
): Verdict & { readonly file: ReceiptFile } {
  const file = readReceiptFile(bytes);
  const verdict = checkReceipts(file, trusted);
  const { faults } = verdict;
  if (faults.length === 0) return { ...verdict, file };
  const others = faults.length > MOST_TOLD ? `; and ${faults.length - MOST_TOLD} more faults` : '';
  throw new SkerryError('bad-receipts', `${faults.slice(0, MOST_TOLD).join('; ')}${others}`, {
    details: { faults },
  });
}
