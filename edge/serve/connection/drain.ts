import { constants, type ServerHttp2Session } from 'node:http2';

/** The highest number of a stream. */
const ANY_STREAM = 2 ** 31 - 1;

/**
 * Whether this edge is drained. Each connection then ends with its next answer, and its reader opens another one, which
 * a load balancer or a name server directs to another edge.
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
 * Ends an HTTP/2 session with its next answer, in two steps (RFC 9113, 6.8). The first GOAWAY leaves together with that
 * answer, so that a reader who waits for it opens no further stream. The second one names the last stream that is
 * answered. Requests that arrived together with it are answered, and a reader may send any later request again
 * elsewhere.
 */
export function endWithNextAnswer(session: ServerHttp2Session): void {
  session.once('stream', () => {
    session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
    setImmediate(() => session.close());
  });
}
