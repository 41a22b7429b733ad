import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { schema } from '../json/schema.ts';
import { SIGNATURE_PATTERN, type SigningKey } from '../signing/keys.ts';
import { type StatementKind, sign } from './statement-kind.ts';

export const receiptSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  edge: Type.String(),
  site: Type.Integer(),
  revision: Type.Integer(),
  root: Type.String({ pattern: DIGEST_PATTERN }),
  seq: Type.Integer({
    description:
      'The record that this receipt answers: the `activate` of the revision, a `rollout` that names the edge, or the `abort` after which it shows the revision again.',
  }),
  since: Type.Integer({
    description: 'When the revision became visible, in milliseconds since 1970 by the time of the log.',
  }),
  covers: Type.String({ description: '`all`, or the part of the site that this edge holds.' }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

/**
 * An edge's signed statement that all its processes serve a revision, and that it has checked this revision against its
 * root.
 */
export type Receipt = Static<typeof receiptSchema>;

export const receiptKind: StatementKind<Receipt> = {
  schema: schema(receiptSchema),
  text: canonicalReceipt,
  subject: ({ site, revision, seq }) => ({ name: `${site}/${revision}/${seq}`, site }),
};

export function signReceipt(receipt: Omit<Receipt, 'sig'>, key: SigningKey): Receipt {
  return sign(receiptKind, receipt, key);
}

function canonicalReceipt(r: Omit<Receipt, 'sig'>): string {
  return JSON.stringify([
    'skerry-receipt-1',
    r.log,
    r.epoch,
    r.edge,
    r.site,
    r.revision,
    r.root,
    r.seq,
    r.since,
    r.covers,
  ]);
}
