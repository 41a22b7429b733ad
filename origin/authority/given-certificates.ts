import { readFile, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { readCertificate } from '../../shared/tls/certificate.ts';
import type { CertifiedKey, ServerCertificates } from '../../shared/tls/server-certificates.ts';

const LOOK_MS = 2000;

/** A PEM file with a certificate chain, and a PEM file with the private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

interface Given extends CertifiedKey {
  readonly expires: number;
}

export interface GivenCertificatesParts {
  readonly files: CertificateFiles;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * The certificate and the key from two files, which are read again when they change. If the new pair cannot be used,
 * for example because only one of the files has been renewed yet, this is logged once, and the old pair stays in use.
 */
export class GivenCertificates implements ServerCertificates {
  readonly kind = 'given';
  readonly #parts: GivenCertificatesParts;
  readonly #listeners: (() => void)[] = [];
  #shown: Given;
  #seen: string;

  private constructor(parts: GivenCertificatesParts, shown: Given, seen: string) {
    this.#parts = parts;
    this.#shown = shown;
    this.#seen = seen;
  }

  /** Throws `bad-certificate` when the files cannot be used. */
  static async open(parts: GivenCertificatesParts): Promise<GivenCertificates> {
    const seen = await marks(parts.files);
    return new GivenCertificates(parts, await read(parts.files), seen);
  }

  get shown(): CertifiedKey {
    return this.#shown;
  }

  get expires(): number {
    return this.#shown.expires;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks for changes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal).catch(() => {});
      if (!signal.aborted) await this.look();
    }
  }

  async look(): Promise<void> {
    const { files, log } = this.#parts;
    const seen = await marks(files);
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#shown = await read(files);
    } catch (err) {
      log.error({ err }, 'the new certificate cannot be used; the old one stays in use');
      return;
    }
    for (const listener of this.#listeners) listener();
    log.info({ file: files.cert }, 'the origin has a new certificate');
  }
}

async function read(files: CertificateFiles): Promise<Given> {
  const [cert, key] = await Promise.all([pemIn(files.cert), pemIn(files.key)]);
  const { expires } = readCertificate(cert, key);
  return { cert, key, expires };
}

async function pemIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SkerryError('bad-certificate', `cannot read ${file}: ${systemCode(cause)}`, { cause });
  }
}

/** Returns a text that changes when a file changes. Follows links, because certbot and Kubernetes swap them. */
async function marks({ cert, key }: CertificateFiles): Promise<string> {
  const found = [cert, key].map(async (file) => {
    const about = await stat(file).catch(() => undefined);
    return about && `${about.ino} ${about.size} ${about.mtimeMs}`;
  });
  return JSON.stringify(await Promise.all(found));
}
