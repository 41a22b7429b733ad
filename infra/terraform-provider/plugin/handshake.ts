import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Terraform sets this variable. Without it, the provider tells whoever started it that it is a plugin. */
const COOKIE = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
};
const PROTOCOL = { core: 1, provider: 6 };
const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export function isStartedByTerraform(environment: NodeJS.ProcessEnv): boolean {
  return environment[COOKIE.name] === COOKIE.value;
}

/** A key and a certificate for one run, both as PEM. */
export interface RunCertificate {
  readonly key: string;
  readonly certificate: string;
  readonly der: Buffer;
}

/** Creates the certificate by which Terraform recognizes this process. Terraform gets it over standard output. */
export async function runCertificate(): Promise<RunCertificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 30 * DAY_MS),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`,
    certificate: made.toString('pem'),
    der: Buffer.from(made.rawData),
  };
}

/**
 * The line that tells Terraform where the provider listens (hashicorp/go-plugin, docs/guide-plugin-write-non-go.md).
 */
export function handshakeLine(socket: string, der: Buffer | undefined): string {
  const certificate = der === undefined ? [] : [der.toString('base64').replace(/=+$/, '')];
  return [PROTOCOL.core, PROTOCOL.provider, 'unix', socket, 'grpc', ...certificate].join('|');
}
