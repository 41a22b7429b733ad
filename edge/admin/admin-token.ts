import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';

/** In the data folder of an edge; not the name of the origin's, which commands send to origins. */
export const EDGE_ADMIN_TOKEN_FILE = 'edge-admin-token';
const LEAST_CHARACTERS = 20;

/** The token of callers who do not ask from the machine itself. */
export class AdminToken {
  readonly #hash: Buffer;

  constructor(token: string) {
    this.#hash = hashOf(token);
  }

  /** Takes as long for a wrong one, wherever it begins to differ. */
  isIn(authorization: string | undefined): boolean {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(hashOf(given), this.#hash);
  }
}

/** The token in a file, which is made where there is none: who removes it gets a new one at the next start. */
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
