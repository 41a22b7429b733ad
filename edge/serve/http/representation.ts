import type { Digest } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { type ConditionalHeaders, namesTag } from '../../../shared/http/conditional.ts';
import type { ContentCoding, Variant } from '../../variants/variant.ts';
import { chooseCoding } from './accept-encoding.ts';
import { etagOf } from './headers.ts';

/** A representation of an entry: the entry's own bytes or a compressed variant (RFC 9110, 3.2). */
export interface Representation {
  readonly digest: Digest;
  readonly size: number;
  /** Undefined for the entry's own bytes. */
  readonly coding: ContentCoding | undefined;
  /** The entry's object. */
  readonly source: Digest;
}

/** The headers in which a reader names the representation that it already has, or wants to continue. */
type Tags = Pick<ConditionalHeaders, 'if-match' | 'if-none-match'> & {
  readonly 'accept-encoding'?: string | undefined;
  readonly 'if-range'?: string | undefined;
};

/**
 * Chooses the representation to send. The variants are in the server's order of preference. A representation that the
 * reader names is preferred even to a better one. So a download that began before a variant was made can continue, and
 * a copy that is still valid is not sent again.
 */
export function chooseRepresentation(
  entry: Entry,
  variants: readonly Variant[],
  headers: Tags,
): Representation {
  const source = entry.digest;
  const plain: Representation = { digest: source, size: entry.size, coding: undefined, source };
  const coded = variants.map((variant): Representation => ({ ...variant, source }));
  const acceptable = (codings: readonly ContentCoding[]) => chooseCoding(headers['accept-encoding'], codings);
  const coding = acceptable(variants.map((variant) => variant.coding));
  const chosen = coded.find((variant) => variant.coding === coding) ?? plain;
  const named = headers['if-range'] ?? headers['if-none-match'] ?? headers['if-match'];
  if (named === undefined || namesTag(named, etagOf(chosen.digest))) return chosen;
  const usable = [plain, ...coded.filter((variant) => variant.coding && acceptable([variant.coding]))];
  return usable.find(({ digest }) => namesTag(named, etagOf(digest))) ?? chosen;
}
