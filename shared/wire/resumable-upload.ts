/**
 * Uploads go on at their offset as draft-ietf-httpbis-resumable-upload-12 says (docs/decisions/0063). The draft has a
 * version of its own for interoperability: clients name it in their requests, and a server sends the status 104 only to
 * a client that names the same one.
 */
export const INTEROP_FIELD = 'upload-draft-interop-version';
export const INTEROP_VERSION = '8';

export const PARTIAL_UPLOAD_TYPE = 'application/partial-upload';
