import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import type { JsonBounds } from '../json/bounded-json.ts';
import { schema } from '../json/schema.ts';
import { type PurgeReceipt, purgeReceiptSchema } from '../log/purge-receipt.ts';
import { type Receipt, receiptSchema } from '../log/receipt.ts';
import { recordSchema } from '../log/record.ts';
import { PUBLIC_KEY_PATTERN, SIGNATURE_PATTERN } from '../signing/keys.ts';
import { rosterSchema } from './roster.ts';

/** Ten thousand edges need a tenth of this. */
export const MOST_FILE_BYTES = 64 * 1024 * 1024;
const BOUNDS: JsonBounds = { length: MOST_FILE_BYTES, depth: 8, values: 2_000_000, token: 1024 * 1024 };

const FORMAT = 'skerry-receipts-1';
const closed = { additionalProperties: false };

export const receiptFileSchema = Type.Object(
  {
    format: Type.Literal(FORMAT),
    certificates: Type.Array(
      Type.Object(
        {
          publicKey: Type.String({ pattern: PUBLIC_KEY_PATTERN }),
          recoveryKey: Type.String({ pattern: PUBLIC_KEY_PATTERN }),
          certificate: Type.String({ pattern: SIGNATURE_PATTERN }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1000, description: 'One for each signing key that the roster names.' },
    ),
    record: recordSchema,
    roster: rosterSchema,
    receipts: Type.Array(
      Type.Union([
        Type.Object(receiptSchema.properties, closed),
        Type.Object(purgeReceiptSchema.properties, closed),
      ]),
      { maxItems: 20_000, description: 'In the order of the roster.' },
    ),
  },
  closed,
);
const file = schema(receiptFileSchema);

/**
 * What a file of receipts holds: one record of the log, the receipts that answer it, and all that is needed to check
 * them.
 */
export type ReceiptFile = Static<typeof receiptFileSchema>;
export type AnyReceipt = Receipt | PurgeReceipt;

/** The only text that says this. So a change of any byte is a fault, and two files can be compared byte by byte. */
export function writeReceiptFile({
  certificates,
  record,
  roster,
  receipts,
}: Omit<ReceiptFile, 'format'>): string {
  const ordered = {
    format: FORMAT,
    certificates: certificates.map((one) => fields(one, ['publicKey', 'recoveryKey', 'certificate'])),
    record: fields(record, Object.keys(recordSchema.properties)),
    roster: fields(roster, Object.keys(rosterSchema.properties)),
    receipts: receipts.map((one) =>
      fields(one, Object.keys('root' in one ? receiptSchema.properties : purgeReceiptSchema.properties)),
    ),
  };
  return `${JSON.stringify(ordered)}\n`;
}

/** Throws `bad-receipts` when these are not the exact bytes of a file of receipts. It checks no signature. */
export function readReceiptFile(bytes: Uint8Array): ReceiptFile {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SkerryError('bad-receipts', 'the file is not UTF-8 text: it was changed, or is another file', {
      cause,
    });
  }
  const read = file.parseText(text, 'bad-receipts', BOUNDS);
  if (writeReceiptFile(read) !== text)
    throw new SkerryError(
      'bad-receipts',
      'the file was changed: an origin would not have written these bytes',
    );
  return read;
}

function fields<T extends object>(value: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(names.map((name) => [name, value[name as keyof T]])) as Partial<T>;
}
