import { createHmac } from 'node:crypto';
import { S3Error } from '../protocol/s3-error.ts';

/** How a form is signed. Nothing of it is proved. */
export interface FormClaim {
  readonly token: string;
  readonly signature: string;
  /** Signs the policy as the form must have been signed. */
  sign(secret: string): string;
}

/** Reads how the policy of a form is signed: with Signature V4, or as forms have been signed since the first S3. */
export function formClaim(fields: ReadonlyMap<string, string>): FormClaim {
  const policy = fields.get('policy');
  const id = fields.get('awsaccesskeyid');
  const algorithm = fields.get('x-amz-algorithm');
  if (policy === undefined || (id === undefined && algorithm === undefined))
    throw new S3Error('AccessDenied');
  if (algorithm === undefined)
    return {
      token: id ?? '',
      signature: needed(fields, 'signature'),
      sign: (secret) => createHmac('sha1', secret).update(policy).digest('base64'),
    };
  if (algorithm !== 'AWS4-HMAC-SHA256') throw new S3Error('InvalidArgument', 'x-amz-algorithm is not known.');
  const [, token = '', day = '', region = ''] =
    /^([^/]*)\/(\d{8})\/([^/]*)\/s3\/aws4_request$/.exec(needed(fields, 'x-amz-credential')) ?? [];
  if (day === '')
    throw new S3Error(
      'InvalidArgument',
      'The credential must have the form ID/YYYYMMDD/REGION/s3/aws4_request.',
    );
  return {
    token,
    signature: needed(fields, 'x-amz-signature'),
    sign: (secret) =>
      createHmac('sha256', signingKey(secret, [day, region, 's3', 'aws4_request']))
        .update(policy)
        .digest('hex'),
  };
}

/** The key of Signature V4 for a scope. */
export function signingKey(secret: string, scope: readonly string[]): Buffer {
  return scope.reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
}

function needed(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined)
    throw new S3Error('InvalidArgument', `Bucket POST must contain a field named '${name}'.`);
  return value;
}
