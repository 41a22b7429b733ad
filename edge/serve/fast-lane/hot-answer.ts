import { STATUS_CODES } from 'node:http';
import type { Digest } from '../../../shared/content/digest.ts';
import type { SiteView } from '../../messages/views.ts';

/** A whole answer in the bytes that go over the wire, made once for many requests. */
export class HotAnswer {
  readonly view: SiteView;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The object that it is made of. */
  readonly source: Digest;
  /** When it was given last, by the time of the log. */
  usedAt = 0;
  readonly #head: string;
  readonly #connection: string;
  #bytes: Buffer;
  #second: number;

  constructor(parts: HotAnswerParts, second: number) {
    const { view, status, headers, body, source, keepAliveMs } = parts;
    this.view = view;
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.source = source;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}`;
    this.#connection = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
    this.#second = second;
    this.#bytes = this.#dated(second);
  }

  /** What this answer takes in memory, roughly. */
  get size(): number {
    return this.#bytes.length + this.#head.length;
  }

  /** With the date of this second (of the time of the log). A buffer that was given out is never changed: it may not be sent yet. */
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
    const bytes = Buffer.allocUnsafeSlow(head.length + this.body.length);
    bytes.write(head, 'latin1');
    bytes.set(this.body, head.length);
    return bytes;
  }
}

export interface HotAnswerParts {
  readonly view: SiteView;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Not copied before it is needed: it must not change. */
  readonly body: Uint8Array;
  readonly source: Digest;
  readonly keepAliveMs: number;
}
