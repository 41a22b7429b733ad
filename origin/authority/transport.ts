import { SkerryError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/http/loopback.ts';
import type { CertificateFiles } from './given-certificates.ts';

export interface TransportOptions {
  readonly host: string;
  /** The file of a certificate, and that of its key. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Something in front of the origin does TLS. */
  readonly insecure?: boolean | undefined;
}

/** How an origin speaks: plain HTTP, or TLS with a given certificate or with one of its own authority. */
export type Transport =
  | { readonly kind: 'plain' }
  | { readonly kind: 'own' }
  | { readonly kind: 'given'; readonly files: CertificateFiles };

/** Throws `bad-config` for flags that contradict each other. */
export function transportOf({ host, tlsCert, tlsKey, insecure = false }: TransportOptions): Transport {
  if (tlsCert !== undefined || tlsKey !== undefined) {
    if (tlsCert === undefined || tlsKey === undefined)
      throw new SkerryError('bad-config', '--tls-cert and --tls-key need each other');
    if (insecure) throw new SkerryError('bad-config', '--insecure contradicts --tls-cert');
    return { kind: 'given', files: { cert: tlsCert, key: tlsKey } };
  }
  return insecure || isLoopback(host) ? { kind: 'plain' } : { kind: 'own' };
}
