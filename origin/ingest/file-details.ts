import { MIMEType } from 'node:util';
import type { EntryMeta } from '../../shared/content/entry.ts';
import { inOrder, META_FIELDS, metaFault, OWN_META, WHOLE_TYPE } from '../../shared/content/entry-meta.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FileDetails } from '../catalog/file-change.ts';

/** Types that clients send on their own, without knowing the file. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'application/x-www-form-urlencoded',
]);
const OCTETS = 'application/octet-stream';

/** The details that a deploy gives for a file. Throws `bad-meta`. */
export function givenDetails(
  type: string | undefined,
  meta: Readonly<Record<string, string>> = {},
): FileDetails {
  const pairs = Object.entries(meta).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name] of pairs)
    if (!META_FIELDS.includes(name) && !isOwn(name))
      throw new SkerryError(
        'bad-meta',
        `${JSON.stringify(name.slice(0, 100))} cannot be stored for a file: only ${META_FIELDS.join(', ')} and names that begin with ${OWN_META} can`,
      );
  return checked(type, pairs);
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The details that the headers of a request give for the file in its body. A `Content-Type` that many clients send
 * without being asked says nothing, and the file's name decides. Throws `bad-meta`.
 */
export function detailsOfHeaders(headers: Headers): FileDetails {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity')
    throw new SkerryError(
      'bad-meta',
      `a file with Content-Encoding: ${String(coding).slice(0, 100)} cannot be stored; send its plain bytes, or publish it under a name of its own`,
    );
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value !== undefined && (META_FIELDS.includes(name) || isOwn(name))
      ? [[name, String(value)] as const]
      : [],
  );
  const type = headers['content-type'] === undefined ? undefined : String(headers['content-type']);
  const known = type === undefined || SAYS_NOTHING.has(essenceOf(type)) ? undefined : type;
  return checked(known, pairs);
}

function isOwn(name: string): boolean {
  return name.length > OWN_META.length && name.startsWith(OWN_META);
}

function checked(text: string | undefined, pairs: readonly (readonly [string, string])[]): FileDetails {
  const whole = text === undefined ? undefined : mediaTypeOf(text);
  const type = whole?.essence ?? null;
  // An edge adds `charset=utf-8` to textual types by itself.
  const isPlain = whole === undefined || /^[^;]+(;charset=utf-8)?$/i.test(String(whole));
  const meta: EntryMeta = inOrder(isPlain ? pairs : [...pairs, [WHOLE_TYPE, String(whole)]]);
  const fault = metaFault({ type: type ?? OCTETS, meta });
  if (fault !== undefined) throw new SkerryError('bad-meta', fault);
  return { type, meta };
}

function essenceOf(text: string): string {
  return mediaTypeOf(text).essence;
}

function mediaTypeOf(text: string): MIMEType {
  try {
    return new MIMEType(text);
  } catch (error) {
    throw new SkerryError('bad-meta', `${JSON.stringify(text.slice(0, 100))} is not a media type`, {
      cause: error,
    });
  }
}
