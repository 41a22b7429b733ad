import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { ServerCertificates } from '../../shared/tls/server-certificates.ts';
import type { OriginCertificate } from '../../shared/wire/origin-certificate.ts';
import { GivenCertificates } from './given-certificates.ts';
import { type LogIdentity, OwnCertificates } from './own-certificates.ts';
import { ownNames } from './own-names.ts';
import type { Transport } from './transport.ts';

export interface OriginCertificatesParts {
  /** The data folder. */
  readonly folder: string;
  readonly identity: LogIdentity;
  readonly host: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Certificates that are kept up to date while `run` runs. */
export interface KeptCertificates extends ServerCertificates {
  readonly kind: OriginCertificate['kind'];
  /** When `shown` expires, in milliseconds since 1970. */
  readonly expires: number;
  run(signal: AbortSignal): Promise<void>;
}

/** The certificates of an origin. Undefined for an origin that uses plain HTTP. */
export async function originCertificates(
  transport: Transport,
  { host, ...parts }: OriginCertificatesParts,
): Promise<KeptCertificates | undefined> {
  switch (transport.kind) {
    case 'plain':
      return undefined;
    case 'own':
      return OwnCertificates.open({ ...parts, names: () => ownNames(host) });
    case 'given':
      return GivenCertificates.open({ ...parts, files: transport.files });
  }
}
