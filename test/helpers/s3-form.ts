import { createHmac } from 'node:crypto';
import { signingKey } from '../../origin/s3-door/signing/form-signature.ts';
import { accessKeyOf } from './s3.ts';

export interface SentForm {
  readonly policy: unknown;
  readonly fields?: Readonly<Record<string, string>>;
  readonly file?: string | undefined;
  /** Without it, the form is signed as before Signature V4. */
  readonly isV4?: boolean;
  /** Changes the body before it is sent. */
  readonly spoil?: (body: string) => string;
}

const BOUNDARY = 'boundary-of-the-form';

/** A form that a browser would send, signed with a token. */
export function signedForm(token: string, { policy, fields = {}, file, isV4, spoil }: SentForm) {
  const { accessKeyId, secretAccessKey } = accessKeyOf(token);
  const text = Buffer.from(JSON.stringify(policy)).toString('base64');
  const scope = ['20260101', 'us-east-1', 's3', 'aws4_request'];
  const signed: Record<string, string> = isV4
    ? {
        'x-amz-algorithm': 'AWS4-HMAC-SHA256',
        'x-amz-credential': [accessKeyId, ...scope].join('/'),
        'x-amz-signature': createHmac('sha256', signingKey(secretAccessKey, scope))
          .update(text)
          .digest('hex'),
      }
    : {
        AWSAccessKeyId: accessKeyId,
        signature: createHmac('sha1', secretAccessKey).update(text).digest('base64'),
      };
  const part = (name: string, value: string, more = '') =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const parts = Object.entries({ policy: text, ...signed, ...fields }).map(([name, value]) =>
    part(name, value),
  );
  if (file !== undefined) parts.push(part('file', file, '; filename="a.txt"'));
  const body = `${parts.join('')}--${BOUNDARY}--\r\n`;
  return {
    method: 'POST',
    body: spoil?.(body) ?? body,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
  };
}
