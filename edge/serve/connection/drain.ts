import { constants, type ServerHttp2Session } from 'node:http2';

/** The highest possible stream number. */
const ANY_STREAM = 2 ** 31 - 1;

/**
 * Whether this edge is drained. While it is, each connection ends with its next response. Its reader then opens a new
 * connection, which a load balancer or a name server directs to another edge.
 */
export class Drain {
  readonly #begun: (() => void)[] = [];
  #isOn = false;

  get isOn(): boolean {
    return this.#isOn;
  }

  onBegin(callback: () => void): void {
    this.#begun.push(callback);
  }

  set(isOn: boolean): void {
    const begins = isOn && !this.#isOn;
    this.#isOn = isOn;
    if (begins) for (const callback of this.#begun) callback();
  }
}

/**
 * Ends an HTTP/2 session with its next response, in two steps (RFC 9113, 6.8). The first GOAWAY is sent together with
 * that response, so that a reader who waits for the response opens no further streams. The second GOAWAY names the last
 * stream that is answered. Requests that have arrived by then are answered, and the reader may send any later request
 * again on another connection.
 */
export function endWithNextAnswer(session: ServerHttp2Session): void {
  session.once('stream', () => {
    session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
    setImmediate(() => session.close());
  });
}
