import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';

/**
 * The file of the token in the data folder of an edge. Its name differs from that of the origin's token file, because
 * commands send that token to origins.
 */
export const EDGE_ADMIN_TOKEN_FILE = 'edge-admin-token';
const LEAST_CHARACTERS = 20;

/** The token that callers on other machines need. */
export class AdminToken {
  readonly #hash: Buffer;

  constructor(token: string) {
    this.#hash = hashOf(token);
  }

  /**
   * Whether the header has the token. The comparison takes constant time, so its duration does not reveal where the
   * first difference is.
   */
  isIn(authorization: string | undefined): boolean {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(hashOf(given), this.#hash);
  }
}

/** Reads the token from a file. If there is no file, creates one with a new token. */
export async function adminTokenIn(file: string): Promise<AdminToken> {
  const found = await readIfThere(file);
  const token = found?.trim() ?? `ska_${randomBytes(24).toString('base64url')}`;
  if (found === undefined) await writeDurably(file, `${token}\n`);
  if (token.length < LEAST_CHARACTERS || /\s/.test(token))
    throw new SkerryError('data-folder-damaged', `${file} holds no token`);
  return new AdminToken(token);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
