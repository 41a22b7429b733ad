import type { Digest } from '../../../shared/content/digest.ts';
import { S3Error } from '../protocol/s3-error.ts';
import { UNSIGNED_PAYLOAD } from '../signing/claim.ts';

/** In which form a body is sent, by the value of `x-amz-content-sha256`. */
export type PayloadKind =
  /** The bytes as they are. The digest is signed, or unknown. */
  | { readonly kind: 'whole'; readonly digest: Digest | undefined }
  /** The coding `aws-chunked`. */
  | { readonly kind: 'chunked'; readonly isSigned: boolean; readonly hasTrailer: boolean };

const CHUNKED: Readonly<Record<string, PayloadKind>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', isSigned: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', isSigned: true, hasTrailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', isSigned: false, hasTrailer: true },
};

export function payloadKind(payload: string): PayloadKind {
  if (payload === UNSIGNED_PAYLOAD) return { kind: 'whole', digest: undefined };
  if (/^[0-9a-f]{64}$/i.test(payload)) return { kind: 'whole', digest: payload.toLowerCase() as Digest };
  const chunked = Object.hasOwn(CHUNKED, payload) ? CHUNKED[payload] : undefined;
  if (chunked !== undefined) return chunked;
  if (payload.startsWith('STREAMING-')) throw new S3Error('NotImplemented');
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.',
  );
}
