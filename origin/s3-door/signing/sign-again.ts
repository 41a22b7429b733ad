import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Target } from '../protocol/target.ts';
import type { Claim } from './claim.ts';

/** The hash in the form that the library asks for. */
export class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('a hash is used once');
  }
}

function keyOf(secret: string | ArrayBuffer | ArrayBufferView): Uint8Array | string {
  if (typeof secret === 'string') return secret;
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}

/** Headers that the library adds. A client that signs `Date` does not send the second one. */
const ADDED = ['x-amz-content-sha256', 'x-amz-date'];

/** The library leaves out the header `Date`, which old clients sign instead of `x-amz-date`. */
class Resigner extends SignatureV4 {
  readonly #date: string | undefined;

  constructor(date: string | undefined, settings: ConstructorParameters<typeof SignatureV4>[0]) {
    super(settings);
    this.#date = date;
  }

  protected override createCanonicalRequest(
    ...[request, headers, hash]: Parameters<SignatureV4['createCanonicalRequest']>
  ): string {
    const date = this.#date;
    return super.createCanonicalRequest(request, date === undefined ? headers : { ...headers, date }, hash);
  }
}

type Request = Pick<IncomingMessage, 'method' | 'rawHeaders'>;

/** Signs a request as its sender must have signed it. Returns the signature. */
export async function signAgain(
  request: Request,
  target: Target,
  claim: Claim,
  secret: string,
): Promise<string> {
  const { token, region, time, signedHeaders, payload, expires } = claim;
  const sent = headersOf(request, signedHeaders);
  const signer = new Resigner(sent.date, {
    credentials: { accessKeyId: token, secretAccessKey: secret },
    ...{ region, service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false },
  });
  const unsigned = {
    method: request.method ?? 'GET',
    ...{ protocol: 'http:', hostname: '', path: target.path },
    query: queryOf(target),
    headers: { ...sent, 'x-amz-content-sha256': payload },
  };
  const options = {
    signingDate: new Date(time),
    signableHeaders: new Set(signedHeaders),
    unsignableHeaders: new Set(ADDED.filter((name) => !signedHeaders.has(name))),
  };
  if (claim.kind === 'header') {
    const { headers } = await signer.sign(unsigned, options);
    return /Signature=([0-9a-f]+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  }
  const { query } = await signer.presign(unsigned, {
    ...options,
    expiresIn: expires ?? 0,
    // Without this, the library would move signed headers into the query.
    unhoistableHeaders: new Set(Object.keys(unsigned.headers)),
  });
  return String(query?.['X-Amz-Signature']);
}

/** The parameters of the library, which adds those of the signature by itself. */
function queryOf({ parameters }: Target): Record<string, string | string[]> {
  const query: Record<string, string[]> = Object.create(null);
  for (const [name, value] of parameters) {
    query[name] ??= [];
    query[name].push(value);
  }
  return Object.assign({}, query);
}

/** The signed headers. Several lines of one name are one value, with commas between them. */
function headersOf({ rawHeaders }: Request, signed: ReadonlySet<string>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!signed.has(name)) continue;
    // Node reads headers as Latin-1. Clients sign the bytes.
    const value = Buffer.from(rawHeaders[i + 1] ?? '', 'latin1')
      .toString('utf8')
      .trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}
