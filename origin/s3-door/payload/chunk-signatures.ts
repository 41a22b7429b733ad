import { createHash, createHmac, type Hash } from 'node:crypto';
import { S3Error } from '../protocol/s3-error.ts';
import type { Signer } from '../signing/authenticate.ts';
import { basicDate } from '../signing/claim.ts';
import { signingKey } from '../signing/form-signature.ts';

const EMPTY = createHash('sha256').digest('hex');

/** Checks the chain of signatures over the chunks of a body: each signs the one before it, the first that of the request. */
export class ChunkSignatures {
  readonly #key: Buffer;
  readonly #head: string;
  #last: string;
  #chunk: Hash = createHash('sha256');

  constructor({ secret, claim }: Signer) {
    this.#key = signingKey(secret, claim.scope.split('/'));
    this.#head = `${basicDate(claim.time)}\n${claim.scope}`;
    this.#last = claim.signature;
  }

  update(bytes: Buffer): void {
    this.#chunk.update(bytes);
  }

  /** Ends a chunk. Throws `SignatureDoesNotMatch`. */
  endChunk(signature: string): void {
    const chunk = this.#chunk.digest('hex');
    this.#chunk = createHash('sha256');
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY}\n${chunk}`, signature);
  }

  /** Throws `SignatureDoesNotMatch`. */
  endTrailer(lines: string, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', createHash('sha256').update(lines).digest('hex'), signature);
  }

  #check(algorithm: string, signed: string, signature: string): void {
    const text = `${algorithm}\n${this.#head}\n${this.#last}\n${signed}`;
    const right = createHmac('sha256', this.#key).update(text).digest('hex');
    if (right !== signature) throw new S3Error('SignatureDoesNotMatch');
    this.#last = right;
  }
}
