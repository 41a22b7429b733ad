import { Readable } from 'node:stream';
import { Agent } from 'undici';
import { systemCode } from '../../shared/errors.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';
import { trustingConnector } from '../../shared/tls/connector.ts';

const PATIENCE_MS = 10_000;

export interface ProbeTrust {
  readonly ca: string | undefined;
  readonly recovery: KeyFingerprint | undefined;
}

/** The status and the date of a response. */
export interface ProbeAnswer {
  readonly status: number;
  /** The time in the header `Date`, in milliseconds since 1970. Undefined without a valid header. */
  readonly date: number | undefined;
  /** When the server's certificate expires, in milliseconds since 1970. Undefined without TLS. */
  readonly expires: number | undefined;
}

/** Sends requests without a token to an origin, to find out what lies between this machine and the origin. */
export class Probe {
  readonly #origin: string;
  readonly #agent: Agent;
  #expires: number | undefined;

  constructor(origin: string, trust: ProbeTrust) {
    this.#origin = origin;
    this.#agent = new Agent({
      connect: trustingConnector({
        ...{ trust, timeout: PATIENCE_MS, now: Date.now },
        accepted: (_peer, certificate) => {
          this.#expires = certificate?.validToDate.getTime();
        },
      }),
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    });
  }

  /** Rejects with the error when the connection fails or the certificate is not trusted. */
  async answer(): Promise<ProbeAnswer> {
    const { statusCode, headers, body } = await this.#agent.request({
      ...{ origin: this.#origin, path: '/healthz', method: 'GET' },
    });
    await body.dump();
    const date = Date.parse(String(headers.date));
    return { status: statusCode, date: Number.isNaN(date) ? undefined : date, expires: this.#expires };
  }

  /**
   * Announces an upload of this many bytes, sends only the first byte, and resolves with the status of the response. A
   * proxy that does not accept a body of this size refuses it at once, and an origin refuses it because there is no
   * token. Undefined if there is no response in time.
   */
  async answerToUpload(bytes: number): Promise<number | undefined> {
    const path = `/v1/sites/doctor/objects/${'0'.repeat(64)}`;
    const beginning = new Readable({ read() {} });
    // undici sends the head of a request together with the first bytes of the body.
    beginning.push(Buffer.alloc(1));
    try {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bytes) };
      const { statusCode } = await this.#agent.request({
        ...{ origin: this.#origin, path, method: 'PUT', headers, body: beginning },
      });
      return statusCode;
    } catch (error) {
      if (systemCode(error) !== 'UND_ERR_HEADERS_TIMEOUT') throw error;
      return undefined;
    } finally {
      beginning.destroy();
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
