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

/** The head of an answer. */
export interface ProbeAnswer {
  readonly status: number;
  /** What the header `Date` says, in milliseconds since 1970. Undefined without one. */
  readonly date: number | undefined;
}

/** Asks an origin without a token, to find out what lies between here and there. */
export class Probe {
  readonly #origin: string;
  readonly #agent: Agent;

  constructor(origin: string, trust: ProbeTrust) {
    this.#origin = origin;
    this.#agent = new Agent({
      connect: trustingConnector({ trust, timeout: PATIENCE_MS, now: Date.now }),
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    });
  }

  /** Rejects with the error of the connection, or of the certificate. */
  async answer(): Promise<ProbeAnswer> {
    const { statusCode, headers, body } = await this.#agent.request({
      ...{ origin: this.#origin, path: '/healthz', method: 'GET' },
    });
    await body.dump();
    const date = Date.parse(String(headers.date));
    return { status: statusCode, date: Number.isNaN(date) ? undefined : date };
  }

  /**
   * The status with which an upload of so many bytes is answered, of which only the first is sent. A proxy that takes no
   * body of this size says so at once, and an origin refuses the upload because it has no token.
   */
  async answerToUpload(bytes: number): Promise<number | undefined> {
    const path = `/v1/sites/doctor/objects/${'0'.repeat(64)}`;
    const beginning = new Readable({ read() {} });
    // undici sends the head together with the first bytes.
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
