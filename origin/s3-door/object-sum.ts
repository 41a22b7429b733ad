import type { ObjectChecksum } from '../catalog/bucket-object.ts';
import type { MultipartDetail, MultipartPart } from '../catalog/multipart-calls.ts';
import { type Algorithm, algorithmOf, type Checksum, checksum } from './payload/checksum.ts';
import { S3Error } from './protocol/s3-error.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The checksum that a client wants for an upload in parts. */
export function wantedChecksum(headers: Headers): MultipartDetail['checksum'] {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = algorithmOf(String(name));
  if (algorithm === undefined)
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types.',
    );
  const usual = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = headers['x-amz-checksum-type'] ?? usual;
  const isCrc = algorithm.startsWith('crc');
  if ((type === 'FULL_OBJECT' && isCrc) || (type === 'COMPOSITE' && algorithm !== 'crc64nvme'))
    return { algorithm, type };
  throw new S3Error('InvalidRequest', `The ${String(type)} checksum type cannot be used with ${algorithm}.`);
}

/** The checksum of an object that is put together from parts. */
export class ObjectSum {
  readonly #algorithm: Algorithm | undefined;
  readonly #type: ObjectChecksum['type'];
  readonly #whole: Checksum | undefined;
  #value: Promise<string> | undefined;

  constructor(algorithm: Algorithm | undefined, type: ObjectChecksum['type'] = 'FULL_OBJECT') {
    this.#algorithm = algorithm;
    this.#type = type;
    this.#whole = algorithm !== undefined && type === 'FULL_OBJECT' ? checksum(algorithm) : undefined;
  }

  /** Sees the bytes of the object in their order. */
  update(bytes: Buffer): void {
    this.#whole?.update(bytes);
  }

  /** The checksum of the bytes. Undefined without an algorithm, and for a checksum over those of the parts. */
  async value(): Promise<string | undefined> {
    this.#value ??= this.#whole?.digest().then((digest) => digest.toString('base64'));
    return this.#value;
  }

  async ofParts(parts: readonly MultipartPart[]): Promise<ObjectChecksum | undefined> {
    const algorithm = this.#algorithm;
    if (algorithm === undefined) return undefined;
    const whole = await this.value();
    if (whole !== undefined) return { algorithm, value: whole, type: this.#type };
    const sum = checksum(algorithm);
    for (const part of parts) sum.update(Buffer.from(part.checksum ?? '', 'base64'));
    const value = `${(await sum.digest()).toString('base64')}-${parts.length}`;
    return { algorithm, value, type: this.#type };
  }
}
