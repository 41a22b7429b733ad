import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../origin/s3-door/signing/sign-again.ts';
import { accessKeyOf } from './s3.ts';

export interface ToSign {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The value of `x-amz-content-sha256`. */
  readonly payload?: string;
  readonly time?: number;
}

/** The signed headers of a request that a test sends byte by byte. The signature does not cover a body. */
export async function signedHeaders(
  url: string,
  token: string,
  { method, path, query = {}, headers = {}, payload = 'UNSIGNED-PAYLOAD', time = Date.now() }: ToSign,
): Promise<Record<string, string>> {
  const { host, hostname } = new URL(url);
  const signer = new SignatureV4({
    ...{ credentials: accessKeyOf(token), region: 'us-east-1', service: 's3', sha256: Sha256 },
    ...{ uriEscapePath: false, applyChecksum: false },
  });
  const signed = await signer.sign(
    {
      ...{ method, path, query, protocol: 'http:', hostname },
      headers: { ...headers, host, 'x-amz-content-sha256': payload },
    },
    { signingDate: new Date(time) },
  );
  return signed.headers;
}
