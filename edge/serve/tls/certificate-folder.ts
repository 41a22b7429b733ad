import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import {
  type Certificate,
  type CertificateFiles,
  certificateFiles,
  readCertificate,
} from './certificates.ts';

const MOST_FILES = 10_000;

/**
 * The certificates of a folder, read again when its files have changed. A pair that cannot be used, as between the
 * renewal of its one file and of its other, is logged, and what it was before stays in use.
 */
export class CertificateFolder {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #used = new Map<string, Certificate>();
  #seen = '';

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  get certificates(): Certificate[] {
    return [...this.#used.values()];
  }

  /** Whether anything was read anew. Throws `bad-config` when the folder cannot be read. */
  async refresh(): Promise<boolean> {
    const files = await this.#files();
    const seen = JSON.stringify([...files]);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    const pairs = certificateFiles([...files.keys()]);
    for (const name of this.#used.keys())
      if (!pairs.some(({ certificate }) => certificate === name)) this.#used.delete(name);
    for (const pair of pairs) await this.#read(pair);
    return true;
  }

  async #read({ certificate, key }: CertificateFiles): Promise<void> {
    try {
      const [pem, keyPem] = await Promise.all(
        [certificate, key].map((file) => readFile(join(this.#folder, file), 'utf8')),
      );
      this.#used.set(certificate, readCertificate(pem ?? '', keyPem ?? ''));
    } catch (error) {
      this.#log.error({ err: error, file: certificate }, 'a certificate is not used');
    }
  }

  /** What tells that a file has changed, by path. Links are followed: certbot and Kubernetes swap them. */
  async #files(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    try {
      for (const item of await readdir(this.#folder)) {
        const isFolder = (await this.#look(item, found)) === 'folder';
        if (!isFolder) continue;
        for (const inner of await readdir(join(this.#folder, item)))
          await this.#look(join(item, inner), found);
        if (found.size > MOST_FILES) break;
      }
    } catch (cause) {
      throw new SkerryError(
        'bad-config',
        `cannot read the certificates in ${this.#folder}: ${systemCode(cause)}`,
        {
          cause,
        },
      );
    }
    return found;
  }

  async #look(path: string, found: Map<string, string>): Promise<'file' | 'folder' | undefined> {
    const about = await stat(join(this.#folder, path)).catch(() => undefined);
    if (about === undefined) return undefined;
    if (about.isDirectory()) return 'folder';
    found.set(path, `${about.ino} ${about.size} ${about.mtimeMs}`);
    return 'file';
  }
}
