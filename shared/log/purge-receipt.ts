import { type Static, Type } from 'typebox';
import { schema } from '../json/schema.ts';
import { SIGNATURE_PATTERN, type SigningKey } from '../signing/keys.ts';
import { type StatementKind, sign } from './statement-kind.ts';

export const purgeReceiptSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  edge: Type.String(),
  site: Type.Integer(),
  seq: Type.Integer({ description: 'The `purge` record that this receipt answers.' }),
  matched: Type.Integer({
    description: 'The number of matching paths in the visible revision that this edge holds.',
  }),
  since: Type.Integer({
    description: 'When the edge carried out the purge, in milliseconds since 1970 by the time of the log.',
  }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

/** An edge's signed statement that it has carried out a purge. */
export type PurgeReceipt = Static<typeof purgeReceiptSchema>;

export const purgeReceiptKind: StatementKind<PurgeReceipt> = {
  schema: schema(purgeReceiptSchema),
  text: canonical,
  subject: ({ site, seq }) => ({ name: `${site}/${seq}`, site }),
};

export function signPurgeReceipt(receipt: Omit<PurgeReceipt, 'sig'>, key: SigningKey): PurgeReceipt {
  return sign(purgeReceiptKind, receipt, key);
}

function canonical({ log, epoch, edge, site, seq, matched, since }: Omit<PurgeReceipt, 'sig'>): string {
  return JSON.stringify(['skerry-purge-receipt-1', log, epoch, edge, site, seq, matched, since]);
}
