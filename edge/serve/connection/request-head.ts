/** The parts of a request's head that are checked before anything is answered. */
export interface RequestHead {
  /** The target as it stands in the request line. */
  readonly target: string;
  readonly httpVersion: string;
  /** Alternating names and values, in the order of their arrival. In HTTP/2, they include the pseudo-headers. */
  readonly rawHeaders: readonly string[];
}

export type HeadJudgement =
  /** `target` is in origin form or `*`. `host` is undefined only in HTTP/1.0. */
  | { readonly kind: 'sound'; readonly target: string; readonly host: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

/** RFC 3986, 3.2.2, without user information. */
const AUTHORITY = /^([0-9a-z._~!$&'()*+,;=%-]+|\[[0-9a-f:.]+\])(:[0-9]{0,5})?$/i;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Refuses heads that different HTTP parsers interpret differently, because attackers use them to smuggle requests:
 * several Host fields or a malformed one (RFC 9112, 3.2), a target in absolute form with a different host, or an
 * unknown transfer coding (RFC 9112, 6.1).
 */
export function checkHead({ target, httpVersion, rawHeaders }: RequestHead): HeadJudgement {
  const hosts = valuesOf('host', rawHeaders);
  if (hosts.length > 1) return refused('More than one Host');
  // HTTP/2 names the host in a pseudo-header (RFC 9113, 8.3.1).
  const [named = hosts[0]] = valuesOf(':authority', rawHeaders);
  const host = hosts[0] ?? named;
  if (host !== undefined && host.toLowerCase() !== named?.toLowerCase())
    return refused('The authority and the Host header name different hosts');
  if (host === undefined ? httpVersion !== '1.0' : !AUTHORITY.test(host)) return refused('No valid Host');
  const codings = valuesOf('transfer-encoding', rawHeaders);
  if (codings.some((value) => value.toLowerCase() !== 'chunked') || codings.length > 1)
    return refused('Unknown transfer coding');
  // Nobody can tell where such a message ends (RFC 9112, 6.1).
  if (codings.length > 0 && httpVersion === '1.0') return refused('A transfer coding in HTTP/1.0');
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (authority === undefined) return { kind: 'sound', target, host };
  if (host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return refused('The target and the Host header name different hosts');
  return { kind: 'sound', target: rest.startsWith('/') ? rest : `/${rest}`, host };
}

function valuesOf(field: string, rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === field);
}

function refused(reason: string): HeadJudgement {
  return { kind: 'refused', reason };
}
