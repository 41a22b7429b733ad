import { createHash } from 'node:crypto';
import type { Digest } from '../../../shared/content/digest.ts';
import type { ObjectChecksum } from '../../catalog/bucket-object.ts';
import { S3Error } from '../protocol/s3-error.ts';
import type { Signer } from '../signing/authenticate.ts';
import { decodeChunked } from './aws-chunked.ts';
import { ALGORITHMS, type Algorithm, type Checksum, checksum, isChecksum } from './checksum.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import { type PayloadKind, payloadKind } from './payload-kind.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const CHECKSUM = 'x-amz-checksum-';
/** The largest object of one request, as at S3. */
const MOST_BYTES = 5 * 1024 ** 3;

/**
 * The body of a request that sends an object or a part: decoded while it is read, and checked at its end against the
 * signatures, lengths and checksums that the request announced.
 */
export class Incoming {
  /** The announced size of the object. */
  readonly size: number;
  /** The digest that the signature covers. */
  readonly expected: Digest | undefined;
  readonly #body: AsyncIterable<unknown>;
  readonly #kind: PayloadKind;
  readonly #signer: Signer;
  readonly #md5 = createHash('md5');
  readonly #contentMd5: string | undefined;
  readonly #algorithm: Algorithm | undefined;
  readonly #announced: string | undefined;
  readonly #isInTrailer: boolean;
  #etag = '';
  #checksum: ObjectChecksum | undefined;

  /** Throws S3's errors for headers that contradict each other. `wanted` is computed although nobody announced it. */
  constructor(body: AsyncIterable<unknown>, headers: Headers, signer: Signer, wanted?: Algorithm) {
    this.#body = body;
    this.#signer = signer;
    this.#kind = payloadKind(signer.claim.payload);
    this.expected = this.#kind.kind === 'whole' ? this.#kind.digest : undefined;
    this.size = announcedSize(headers, this.#kind);
    this.#contentMd5 = contentMd5(headers);
    const announced = announcedChecksum(headers, this.#kind);
    this.#algorithm = announced?.algorithm ?? wanted;
    this.#announced = announced?.value;
    this.#isInTrailer = announced !== undefined && announced.value === undefined;
  }

  /** The decoded bytes. Throws when anything was not as announced, at the latest at the end. */
  async *bytes(): AsyncGenerator<Buffer> {
    const trailers = new Map<string, string>();
    const sum = this.#algorithm && checksum(this.#algorithm);
    let came = 0;
    for await (const bytes of this.#decoded(trailers)) {
      came += bytes.length;
      if (came > this.size) throw new S3Error('IncompleteBody', 'The body is longer than announced.');
      this.#md5.update(bytes);
      sum?.update(bytes);
      yield bytes;
    }
    if (came < this.size) throw new S3Error('IncompleteBody');
    const md5 = this.#md5.digest();
    if (this.#contentMd5 !== undefined && this.#contentMd5 !== md5.toString('base64'))
      throw new S3Error('BadDigest');
    this.#etag = md5.toString('hex');
    if (sum !== undefined) await this.#checkSum(sum, trailers);
  }

  /** The MD5 in hex, once all bytes have been read. */
  etag(): string {
    return this.#etag;
  }

  /** The checksum, once all bytes have been read. */
  checksum(): ObjectChecksum | undefined {
    return this.#checksum;
  }

  #decoded(trailers: Map<string, string>): AsyncIterable<Buffer> {
    if (this.#kind.kind === 'whole') return this.#body as AsyncIterable<Buffer>;
    const signatures = this.#kind.isSigned ? new ChunkSignatures(this.#signer) : undefined;
    return decodeChunked(this.#body, { signatures, trailers });
  }

  async #checkSum(sum: Checksum, trailers: ReadonlyMap<string, string>): Promise<void> {
    const algorithm = this.#algorithm;
    if (algorithm === undefined) return;
    const value = (await sum.digest()).toString('base64');
    const trailer = trailers.get(CHECKSUM + algorithm);
    const announced = this.#announced ?? (this.#isInTrailer ? trailer : undefined);
    if (this.#isInTrailer && trailer === undefined)
      throw new S3Error('InvalidRequest', 'The trailer does not have the announced checksum.');
    if (announced !== undefined && !isChecksum(algorithm, announced))
      throw new S3Error('InvalidRequest', `Value for ${CHECKSUM}${algorithm} trailing header is invalid.`);
    if (announced !== undefined && announced !== value)
      throw new S3Error(
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    this.#checksum = { algorithm, value, type: 'FULL_OBJECT' };
  }
}

function announcedSize(headers: Headers, { kind }: PayloadKind): number {
  const name = kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length';
  const text = headers[name];
  if (text === undefined && kind === 'whole' && headers['transfer-encoding'] === undefined) return 0;
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) throw new S3Error('MissingContentLength');
  if (Number(text) > MOST_BYTES) throw new S3Error('EntityTooLarge');
  return Number(text);
}

function contentMd5(headers: Headers): string | undefined {
  const value = headers['content-md5'];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]{22}==$/.test(value)) throw new S3Error('InvalidDigest');
  return value;
}

/** The checksum that the headers announce. Its value may follow in the trailer. */
function announcedChecksum(
  headers: Headers,
  kind: PayloadKind,
): { algorithm: Algorithm; value: string | undefined } | undefined {
  const given = ALGORITHMS.filter((algorithm) => headers[CHECKSUM + algorithm] !== undefined);
  const [algorithm, ...more] = given;
  if (more.length > 0)
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  if (algorithm !== undefined) {
    const value = String(headers[CHECKSUM + algorithm]);
    if (!isChecksum(algorithm, value))
      throw new S3Error('InvalidRequest', `Value for ${CHECKSUM}${algorithm} header is invalid.`);
    return { algorithm, value };
  }
  const trailer = headers['x-amz-trailer'];
  if (kind.kind !== 'chunked' || !kind.hasTrailer || typeof trailer !== 'string') return undefined;
  const announced = ALGORITHMS.find((one) => trailer.toLowerCase().trim() === CHECKSUM + one);
  if (announced === undefined)
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  return { algorithm: announced, value: undefined };
}
