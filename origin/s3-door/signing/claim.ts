import { asHeader } from '../protocol/header-text.ts';
import { S3Error } from '../protocol/s3-error.ts';
import type { Target } from '../protocol/target.ts';

/** What a request says about its signature. Nothing of it is proved. */
export interface Claim {
  readonly kind: 'header' | 'presigned';
  readonly token: string;
  readonly region: string;
  /** When it was signed, in milliseconds since 1970. */
  readonly time: number;
  /** The scope: date, region, service and `aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: ReadonlySet<string>;
  readonly signature: string;
  /** The value of `x-amz-content-sha256`, or its default. */
  readonly payload: string;
  /** For how many seconds a presigned URL is valid. */
  readonly expires: number | undefined;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
const LONGEST_EXPIRES = 7 * 86_400;

/** Reads how a request is signed. Throws S3's errors for one that is not signed, or not as it should be. */
export function claimOf(target: Target, headers: Headers): Claim {
  const claim = signatureOf(target, headers);
  // With a presigned URL, somebody could otherwise copy an object that its signer did not mean. The hash of the payload
  // is part of what is signed even if its header is not.
  const unsigned = Object.keys(headers).find(
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !claim.signedHeaders.has(name),
  );
  if (unsigned !== undefined)
    throw new S3Error(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${unsigned}`,
    );
  return claim;
}

/** The headers that a presigned URL carries as parameters. They are signed, as all parameters are. */
export function hoistedHeaders({ query }: Pick<Target, 'query'>): Record<string, string> {
  if (!query.has('X-Amz-Algorithm')) return {};
  const hoisted = [...query].filter(([name]) => name.startsWith('x-amz-'));
  return Object.fromEntries(hoisted.map(([name, value]) => [name, asHeader(value)]));
}

function signatureOf(target: Target, headers: Headers): Claim {
  // S3 takes an empty header for none.
  const authorization = one(headers, 'authorization') || undefined;
  const algorithm = target.query.get('X-Amz-Algorithm');
  if (authorization !== undefined && algorithm !== undefined)
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed');
  if (authorization !== undefined) return headerClaim(authorization, headers);
  if (algorithm !== undefined) return presignedClaim(algorithm, target.query, headers);
  if (target.query.has('AWSAccessKeyId'))
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    );
  throw new S3Error('AccessDenied');
}

function headerClaim(authorization: string, headers: Headers): Claim {
  const [, algorithm, fields = ''] = /^(\S+)\s+(.*)$/s.exec(authorization) ?? [];
  if (algorithm === 'AWS' && !fields.includes(':'))
    throw new S3Error(
      'InvalidArgument',
      'AWS authorization header is invalid. Expected AwsAccessKeyId:signature',
    );
  if (algorithm !== ALGORITHM)
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    );
  const named = new Map(
    fields.split(',').map((field) => {
      const at = field.indexOf('=');
      return [field.slice(0, Math.max(at, 0)).trim(), field.slice(at + 1).trim()] as const;
    }),
  );
  const date = one(headers, 'x-amz-date') ?? one(headers, 'date');
  if (date === undefined)
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  const parts = partsOf(
    named.get('Credential'),
    date,
    named.get('SignedHeaders'),
    named.get('Signature'),
    'AuthorizationHeaderMalformed',
  );
  const payload = one(headers, 'x-amz-content-sha256');
  if (payload === undefined)
    throw new S3Error(
      'MissingSecurityHeader',
      'Missing required header for this request: x-amz-content-sha256',
    );
  return { kind: 'header', ...parts, payload, expires: undefined };
}

function presignedClaim(algorithm: string, query: Target['query'], headers: Headers): Claim {
  if (algorithm !== ALGORITHM)
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
    );
  const parts = partsOf(
    query.get('X-Amz-Credential'),
    query.get('X-Amz-Date') ?? '',
    query.get('X-Amz-SignedHeaders'),
    query.get('X-Amz-Signature'),
    'AuthorizationQueryParametersError',
  );
  const expires = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (!Number.isInteger(expires) || expires < 0 || expires > LONGEST_EXPIRES)
    throw new S3Error(
      'AccessDenied',
      'X-Amz-Expires must be a whole number of seconds of at most a week (604800)',
    );
  const payload =
    query.get('X-Amz-Content-Sha256') ?? one(headers, 'x-amz-content-sha256') ?? UNSIGNED_PAYLOAD;
  return { kind: 'presigned', ...parts, payload, expires };
}

type Parts = Pick<Claim, 'token' | 'region' | 'scope' | 'time' | 'signedHeaders' | 'signature'>;

function partsOf(
  credential: string | undefined,
  date: string,
  signedHeaders: string | undefined,
  signature: string | undefined,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): Parts {
  const [, token, day, region] = /^([^/]*)\/(\d{8})\/([^/]*)\/s3\/aws4_request$/.exec(credential ?? '') ?? [];
  if (token === undefined || day === undefined || region === undefined)
    throw new S3Error(code, 'The credential must have the form ID/YYYYMMDD/REGION/s3/aws4_request.');
  const time = timeOf(date);
  if (time === undefined)
    throw new S3Error(
      code === 'AuthorizationHeaderMalformed' ? 'AccessDenied' : code,
      'The date of the signature is not valid',
    );
  if (signedHeaders === undefined || signature === undefined)
    throw new S3Error(code, 'The signature or the list of signed headers is missing.');
  const names = new Set(signedHeaders.toLowerCase().split(';'));
  if (!names.has('host')) throw new S3Error(code, 'The host header must be signed.');
  return { token, region, time, scope: `${day}/${region}/s3/aws4_request`, signedHeaders: names, signature };
}

/** Reads `20250131T235959Z`, or an HTTP date. */
function timeOf(text: string): number | undefined {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const time = y === undefined ? Date.parse(text) : Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** The form of dates in signatures: `20250131T235959Z`. */
export function basicDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
