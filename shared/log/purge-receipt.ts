import { type Static, Type } from 'typebox';
import { schema } from '../json/schema.ts';
import { SIGNATURE_PATTERN, type SigningKey } from '../signing/keys.ts';
import { type StatementKind, sign } from './statement-kind.ts';

export const purgeReceiptSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  edge: Type.String(),
  site: Type.Integer(),
  seq: Type.Integer({ description: 'The `purge` record that this answers.' }),
  matched: Type.Integer({ description: 'Paths of the revision that this edge shows and holds.' }),
  since: Type.Integer({ description: 'Milliseconds since 1970, by the clock of the edge.' }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

/** An edge's signed statement that it has carried out a purge. */
export type PurgeReceipt = Static<typeof purgeReceiptSchema>;

export const purgeReceiptKind: StatementKind<PurgeReceipt> = {
  schema: schema(purgeReceiptSchema),
  text: canonical,
  subject: ({ site, seq }) => ({ site, number: seq }),
};

export function signPurgeReceipt(receipt: Omit<PurgeReceipt, 'sig'>, key: SigningKey): PurgeReceipt {
  return sign(purgeReceiptKind, receipt, key);
}

function canonical({ log, epoch, edge, site, seq, matched, since }: Omit<PurgeReceipt, 'sig'>): string {
  return JSON.stringify(['skerry-purge-receipt-1', log, epoch, edge, site, seq, matched, since]);
}
