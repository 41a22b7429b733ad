import { STATUS_CODES } from 'node:http';
import type { PreparedAnswer } from '../site/site-handler.ts';

/** A whole response as the bytes on the wire, built once for many requests. */
export class HotAnswer {
  /** The site under which the response is counted and logged. */
  readonly site: string;
  readonly prepared: PreparedAnswer;
  /** When this response was last sent, in the time of the log. */
  usedAt = 0;
  /** The number of times that the response was sent since the last call of `takeUses`. */
  #uses = 0;
  readonly #head: string;
  readonly #connection: string;
  #bytes: Buffer;
  #second: number;

  constructor(site: string, prepared: PreparedAnswer, keepAliveMs: number, second: number) {
    this.site = site;
    this.prepared = prepared;
    const { status, headers } = prepared;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}`;
    this.#connection = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
    this.#second = second;
    this.#bytes = this.#dated(second);
  }

  /** Called when the response is sent. */
  used(now: number): void {
    this.usedAt = now;
    this.#uses++;
  }

  /** Returns the number of times that the response was sent since the last call. */
  takeUses(): number {
    const uses = this.#uses;
    this.#uses = 0;
    return uses;
  }

  /** Roughly the memory that this response takes. */
  get size(): number {
    return this.#bytes.length + this.#head.length;
  }

  /**
   * The response with this second as its `Date`, in the time of the log. A buffer that may not be sent yet is never
   * changed.
   */
  at(second: number): Buffer {
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes = this.#dated(second);
    }
    return this.#bytes;
  }

  #dated(second: number): Buffer {
    const date = new Date(second * 1000).toUTCString();
    const head = `${this.#head}Date: ${date}\r\n${this.#connection}`;
    const { body } = this.prepared;
    const bytes = Buffer.allocUnsafeSlow(head.length + body.length);
    bytes.write(head, 'latin1');
    bytes.set(body, head.length);
    return bytes;
  }
}
