import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { hasCode, SkerryError, systemCode } from '../../../shared/errors.ts';
import { type Certificate, readCertificate } from '../../../shared/tls/certificate.ts';
import { type CertificateFiles, certificateFiles } from './certificates.ts';

const MOST_FILES = 10_000;

/**
 * The certificates of a folder. They are read again when their files change. If a pair cannot be used, for instance
 * because only one of its files has been renewed so far, this is logged, and the old pair stays in use.
 */
export class CertificateFolder {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #used = new Map<string, Certificate>();
  #seen = '';
  /** Pairs in use whose files were missing at the last check. */
  #absent = new Set<string>();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The certificates in the order of their names. Clients that name no host get the first one. */
  get certificates(): Certificate[] {
    return [...this.#used].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, certificate]) => certificate);
  }

  /** When each certificate expires, in milliseconds since 1970, by the name of its file in the folder. */
  get expiries(): ReadonlyMap<string, number> {
    return new Map([...this.#used].map(([file, { expires }]) => [file, expires]));
  }

  /** Reads changed files. Returns whether anything has changed. Throws `bad-config` if the folder cannot be read. */
  async refresh(): Promise<boolean> {
    const files = await this.#files();
    const seen = JSON.stringify([...files]);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    const pairs = certificateFiles([...files.keys()]);
    // A renewal may remove the old file before it creates the new one, so a pair may be missing for a moment.
    const absent = [...this.#used.keys()].filter(
      (name) => !pairs.some(({ certificate }) => certificate === name),
    );
    for (const name of absent) if (this.#absent.has(name)) this.#used.delete(name);
    this.#absent = new Set(absent.filter((name) => this.#used.has(name)));
    const isRead = await Promise.all(pairs.map((pair) => this.#read(pair)));
    if (this.#absent.size > 0 || isRead.includes(false)) this.#seen = '';
    return true;
  }

  /** Returns false if a file could not be read. The next check tries again. */
  async #read({ certificate, key }: CertificateFiles): Promise<boolean> {
    try {
      const [pem, keyPem] = await Promise.all(
        [certificate, key].map((file) => readFile(join(this.#folder, file), 'utf8')),
      );
      this.#used.set(certificate, readCertificate(pem ?? '', keyPem ?? ''));
      return true;
    } catch (error) {
      this.#log.error({ err: error, file: certificate }, 'a certificate cannot be used');
      return hasCode(error, 'bad-certificate');
    }
  }

  /**
   * Returns a mark for each path that changes when the file changes. Follows links, because certbot and Kubernetes swap
   * links.
   */
  async #files(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    try {
      for (const item of await readdir(this.#folder)) {
        const isFolder = (await this.#look(item, found)) === 'folder';
        if (!isFolder) continue;
        // A folder that cannot be read, such as lost+found, is treated as empty.
        for (const inner of await readdir(join(this.#folder, item)).catch(() => []))
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
