import type { Schema } from '../json/schema.ts';
import { type PublicKey, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/** The names that a kind of statement may have. Readers may meet kinds that they do not know. */
export const STATEMENT_KIND_PATTERN = '^[a-z0-9-]{1,40}$';

/**
 * The maximum number of bytes of a statement's body as JSON text. The largest report has room for twice as many bytes,
 * because it contains the body as escaped JSON.
 */
export const MAX_STATEMENT_BYTES = 48 * 1024;

/**
 * The fields that every statement of an edge has. `sig` is the edge's signature over the text that the kind of
 * statement defines.
 */
export interface SignedBody {
  readonly log: string;
  readonly epoch: number;
  readonly edge: string;
  readonly sig: string;
}

/** The subject of a statement. */
export interface Subject {
  /** A name with at most 200 characters, unique among the subjects of the kind. */
  readonly name: string;
  /**
   * The site that the statement is about. When the site is deleted, the edge drops unsent statements about it.
   * Undefined for a statement that does not concern a single site.
   */
  readonly site: number | undefined;
}

/** One kind of statement that edges sign and the origin keeps. */
export interface StatementKind<Body extends SignedBody> {
  readonly schema: Schema<Body>;
  /** The text that is signed: canonical JSON whose first element names the kind and its version. */
  text(body: Omit<Body, 'sig'>): string;
  /** The subject of the statement. For each kind and subject, an edge keeps the newest statement. */
  subject(body: Body): Subject;
}

export function sign<Body extends SignedBody>(
  kind: StatementKind<Body>,
  body: Omit<Body, 'sig'>,
  key: SigningKey,
): Omit<Body, 'sig'> & { readonly sig: string } {
  return { ...body, sig: signText(key, kind.text(body)) };
}

export function isSignedBy<Body extends SignedBody>(
  kind: StatementKind<Body>,
  body: Body,
  key: PublicKey,
  verify = verifyText,
): boolean {
  return verify(key, kind.text(body), body.sig);
}
