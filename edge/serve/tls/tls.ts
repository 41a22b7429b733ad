import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { Certificate } from '../../../shared/tls/certificate.ts';
import type { TlsOptions } from '../../messages/options.ts';
import { hostName } from '../site/site-selection.ts';
import { CertificateFolder } from './certificate-folder.ts';
import { certificateFor } from './certificates.ts';

const LOOK_AGAIN_MS = 2000;

/** The certificates in use, and the hosts that are served over TLS. */
export class Tls {
  readonly port: number;
  readonly ticketKeys: Buffer;
  readonly #folder: CertificateFolder;
  readonly #log: Logger;
  readonly #listeners: (() => void)[] = [];
  #certificates: readonly Certificate[] = [];

  private constructor({ port, folder, ticketKeys }: TlsOptions, log: Logger) {
    this.port = port;
    this.ticketKeys = Buffer.from(ticketKeys);
    this.#folder = new CertificateFolder(folder, log);
    this.#log = log;
  }

  /** Opens the folder of certificates, and checks it for changes until the process ends. */
  static async open(options: TlsOptions, log: Logger): Promise<Tls> {
    const tls = new Tls(options, log);
    await tls.#refresh();
    setTimeout(tls.#lookAgain, LOOK_AGAIN_MS).unref();
    return tls;
  }

  /** Calls `listener` whenever the certificates in use have changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The certificate for clients that name no host, and for hosts without a certificate. */
  get fallback(): Certificate | undefined {
    return this.#certificates[0];
  }

  contextFor(serverName: string): SecureContext | undefined {
    return this.#shownTo(serverName)?.context;
  }

  /**
   * Whether a request for this host has arrived on a connection for another host (RFC 9110, 15.5.20) whose certificate
   * does not name this host. A host without a certificate can be reached only on a connection that named this host or
   * no host.
   */
  isMisdirected(serverName: string | undefined, host: string): boolean {
    const name = hostName(host);
    if (certificateFor(name, this.#shownAlone(serverName)) !== undefined) return false;
    if (certificateFor(name, this.#certificates) !== undefined) return true;
    // Some clients send an IP address as the server name, although a server name is never an address (RFC 6066, 3).
    return serverName !== undefined && isIP(serverName) === 0 && hostName(serverName) !== name;
  }

  /** The HTTPS address to which plain HTTP redirects. Undefined for a host without a certificate. */
  addressOf(host: string): string | undefined {
    const name = hostName(host);
    if (certificateFor(name, this.#certificates) === undefined) return undefined;
    return `https://${name}${this.port === 443 ? '' : `:${this.port}`}`;
  }

  #shownTo(serverName: string | undefined): Certificate | undefined {
    const named = serverName && certificateFor(serverName.toLowerCase(), this.#certificates);
    return named || this.fallback;
  }

  #shownAlone(serverName: string | undefined): Certificate[] {
    const shown = this.#shownTo(serverName);
    return shown === undefined ? [] : [shown];
  }

  readonly #lookAgain = async () => {
    if (await this.#refresh()) for (const changed of this.#listeners) changed();
    setTimeout(this.#lookAgain, LOOK_AGAIN_MS).unref();
  };

  async #refresh(): Promise<boolean> {
    try {
      const isChanged = await this.#folder.refresh();
      this.#certificates = this.#folder.certificates;
      return isChanged;
    } catch (error) {
      this.#log.error({ err: error }, 'the certificates could not be read');
      return false;
    }
  }
}
