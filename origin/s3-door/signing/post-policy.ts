import { Type } from 'typebox';
import { parseJson } from '../../../shared/json/bounded-json.ts';
import { schema } from '../../../shared/json/schema.ts';
import { S3Error } from '../protocol/s3-error.ts';

/** What the signer of a form allows it to send. */
export interface PostPolicy {
  /** In milliseconds since 1970. */
  readonly expiration: number;
  readonly conditions: readonly FieldCondition[];
  /** The sizes that the file may have. */
  readonly sizes: { readonly least: number; readonly most: number };
}

interface FieldCondition {
  readonly kind: 'eq' | 'starts-with';
  /** In lower case. */
  readonly field: string;
  readonly value: string;
}

const BOUNDS = { length: 32 * 1024, depth: 4, values: 1000, token: 16 * 1024 };
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Fields that the policy need not name: what signs it, and the file. */
const UNNAMED: ReadonlySet<string> = new Set([
  ...['policy', 'signature', 'x-amz-signature', 'awsaccesskeyid', 'file'],
]);
const IGNORED = 'x-ignore-';

const sizeSchema = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,15}$' })]);
const document = schema(
  Type.Object({
    expiration: Type.String({ pattern: DATE.source }),
    conditions: Type.Array(
      Type.Union([
        Type.Record(Type.String(), Type.String(), { minProperties: 1, maxProperties: 1 }),
        Type.Tuple([Type.String(), Type.String({ pattern: '^\\$' }), Type.String()]),
        Type.Tuple([Type.String({ pattern: '^[Cc]ontent-length-range$' }), sizeSchema, sizeSchema]),
      ]),
      { minItems: 1, maxItems: 200 },
    ),
  }),
);

/** Reads a policy in base64. Throws `InvalidPolicyDocument`. */
export function readPolicy(text: string): PostPolicy {
  const { expiration, conditions } = parsed(text);
  const sizes = { least: 0, most: Number.MAX_SAFE_INTEGER };
  const ofFields = conditions.flatMap((condition): FieldCondition[] => {
    if (!Array.isArray(condition)) {
      const [[field = '', value = ''] = []] = Object.entries(condition);
      return [{ kind: 'eq', field: field.toLowerCase(), value }];
    }
    const [name, first, second] = condition;
    const kind = name.toLowerCase();
    if (kind === 'content-length-range') {
      sizes.least = Math.max(sizes.least, Number(first));
      sizes.most = Math.min(sizes.most, Number(second));
      return [];
    }
    if (kind !== 'eq' && kind !== 'starts-with')
      throw new S3Error('InvalidPolicyDocument', `Invalid Policy: unknown condition ${name.slice(0, 50)}`);
    return [{ kind, field: String(first).slice(1).toLowerCase(), value: String(second) }];
  });
  const expires = Date.parse(expiration);
  if (Number.isNaN(expires))
    throw new S3Error('InvalidPolicyDocument', 'Invalid Policy: the expiration is no date.');
  return { expiration: expires, conditions: ofFields, sizes };
}

function parsed(text: string) {
  try {
    const json = Buffer.from(text, 'base64').toString('utf8');
    return document.parse(parseJson(json, 'bad-request', BOUNDS));
  } catch (cause) {
    throw new S3Error('InvalidPolicyDocument', 'Invalid Policy: the document is not valid.', { cause });
  }
}

/** Throws `AccessDenied` for a form that its signer did not allow. */
export function checkPolicy(
  { expiration, conditions }: PostPolicy,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: number,
): void {
  if (now > expiration) throw new S3Error('AccessDenied', 'Invalid according to Policy: Policy expired.');
  const sent = new Map([...fields, ['bucket', bucket] as const]);
  for (const { kind, field, value } of conditions) {
    const own = sent.get(field);
    const isMet = own !== undefined && (kind === 'eq' ? own === value : own.startsWith(value));
    if (!isMet)
      throw new S3Error(
        'AccessDenied',
        `Invalid according to Policy: Policy Condition failed: ["${kind}", "$${field}", "${value}"]`,
      );
  }
  const named = new Set(conditions.map(({ field }) => field));
  const extra = [...sent.keys()].find(
    (field) => !named.has(field) && !UNNAMED.has(field) && !field.startsWith(IGNORED),
  );
  if (extra !== undefined)
    throw new S3Error('AccessDenied', `Invalid according to Policy: Extra input fields: ${extra}`);
}
