import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Writes a self-signed certificate for these names, as `FILE.crt` and `FILE.key`. */
export async function writeCertificate(file: string, names: readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7'],
    ...['-keyout', `${file}.key`, '-out', `${file}.crt`, '-subj', '/CN=skerry test'],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ]);
}
