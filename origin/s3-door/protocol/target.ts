import { S3Error } from './s3-error.ts';

/** What a request is about. */
export interface Target {
  /** Undefined for the service itself. */
  readonly bucket: string | undefined;
  /** The name of the object. Undefined for the bucket. */
  readonly key: string | undefined;
  /** The decoded parameters. A parameter without a value is an empty text. The first one of a name counts. */
  readonly query: ReadonlyMap<string, string>;
  /** The path in the form that is signed: each byte escaped, except for `/` and what never needs it. */
  readonly path: string;
  /** All parameters, in the form that is signed. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** The host of this API begins with this label when buckets are its subdomains: BUCKET.s3.example.org. */
const S3_LABEL = 's3.';
const LOCAL = 'localhost';

/** Reads the address of a request. Throws `InvalidURI`. */
export function targetOf(url: string, host: string): Target {
  const at = url.indexOf('?');
  const rawPath = at < 0 ? url : url.slice(0, at);
  const parameters = at < 0 ? [] : parametersOf(url.slice(at + 1));
  const path = decoded(rawPath);
  const names = bucketOfHost(host);
  const rest = names === undefined ? path.slice(1) : `${names}/${path.slice(1)}`;
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const key = slash < 0 ? '' : rest.slice(slash + 1);
  const query = new Map<string, string>();
  for (const [name, value] of parameters) if (!query.has(name)) query.set(name, value);
  return {
    ...{ query, parameters },
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    path: escapedPath(path),
  };
}

/** The bucket that the host names. Undefined when the path names it. */
function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const dot = name.indexOf('.');
  if (dot <= 0) return undefined;
  const rest = name.slice(dot + 1);
  return rest === LOCAL || rest.startsWith(S3_LABEL) ? name.slice(0, dot) : undefined;
}

function parametersOf(text: string): [string, string][] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
      return [decoded(name.replaceAll('+', ' ')), decoded(value.replaceAll('+', ' '))];
    });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', undefined, { cause });
  }
}

/** Escapes a name for S3, which escapes more than `encodeURIComponent`. */
function escapedName(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function escapedPath(path: string): string {
  return escapedName(path).replaceAll('%2F', '/');
}
