import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN, type Digest } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/**
 * The bounds of a page. A page ends with the object that reaches one of them, so its objects have fewer bytes, or it
 * ends with a large one. Smaller uploads make no page: they gain nothing from being fetched early.
 */
export const AHEAD_PAGE = { objects: 2048, bytes: 4 * 1024 * 1024 };

/** The maximum number of pages in a list. */
export const MOST_AHEAD_PAGES = 10_000;

const digest = Type.String({ pattern: DIGEST_PATTERN });

/**
 * A page of objects that were uploaded to a site and that no revision names yet, signed by the origin. Parents pass it
 * on unchanged. An edge may fetch these objects ahead of their revision, and no others: without the signature, a parent
 * could fill its disk.
 */
export const aheadPageSchema = Type.Object({
  site: Type.Integer({ minimum: 1 }),
  list: Type.String({
    pattern: '^[0-9a-f]{16}$',
    description: 'The name of the list of pages. The origin begins another one after a restart.',
  }),
  page: Type.Integer({ minimum: 0, maximum: MOST_AHEAD_PAGES - 1, description: 'The place in the list.' }),
  objects: Type.Array(Type.Tuple([digest, Type.Integer({ minimum: 0 }), Type.Union([digest, Type.Null()])]), {
    minItems: 1,
    maxItems: AHEAD_PAGE.objects,
    description: 'The digest of each object, its size, and the digest of its chunk list, if it has one.',
  }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});
export type AheadPage = Static<typeof aheadPageSchema>;

export interface AheadObject {
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

/** A log, and the epoch in which the origin writes to it. Both sides know them, so a page does not contain them. */
interface LogEpoch {
  readonly log: string;
  readonly epoch: number;
}

type Place = Pick<AheadPage, 'site' | 'list' | 'page'>;

export function signAheadPage(
  of: LogEpoch,
  { site, list, page }: Place,
  found: readonly AheadObject[],
  key: SigningKey,
): AheadPage {
  const objects = found.map(({ digest, size, chunks }): AheadPage['objects'][number] => [
    digest,
    size,
    chunks,
  ]);
  const unsigned = { site, list, page, objects };
  return { ...unsigned, sig: signText(key, canonical(of, unsigned)) };
}

export function verifyAheadPage(of: LogEpoch, page: AheadPage, key: PublicKey): boolean {
  return verifyText(key, canonical(of, page), page.sig);
}

export function objectsOn({ objects }: Pick<AheadPage, 'objects'>): AheadObject[] {
  return objects.map(([digest, size, chunks]) => ({
    digest: digest as Digest,
    size,
    chunks: chunks as Digest | null,
  }));
}

function canonical({ log, epoch }: LogEpoch, { site, list, page, objects }: Omit<AheadPage, 'sig'>): string {
  return JSON.stringify(['skerry-objects-ahead-1', log, epoch, site, list, page, objects]);
}
