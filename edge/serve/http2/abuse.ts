import { Allowance } from './allowance.ts';
import { ConnectionError, ErrorCode } from './frames.ts';

/** Streams that the client has ended early, itself or by a fault. Each of them may already have cost work. */
const RESETS = { burst: 256, perSecond: 32 };
/** Frames that bring this server nothing to do, such as PING, SETTINGS and empty DATA. */
const IDLE_FRAMES = { burst: 1000, perSecond: 100 };
/** Some clients update both windows by the bytes of each response, however few, and send a PING. */
const IDLE_FRAMES_OF_RESPONSE = 4;

/** Ends connections whose clients cause work without end and get nothing for it. */
export class Abuse {
  /** Undefined before the first reset. */
  #resets: Allowance | undefined;
  readonly #idleFrames = new Allowance(IDLE_FRAMES);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  noteReset(): void {
    this.#resets ??= new Allowance(RESETS);
    if (!this.#resets.take(this.#now))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many streams are reset');
  }

  noteIdleFrame(): void {
    if (!this.#idleFrames.take(this.#now))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many frames without a request');
  }

  /** A response was sent, so the client may send a few more such frames. */
  noteResponse(): void {
    this.#idleFrames.giveBack(IDLE_FRAMES_OF_RESPONSE);
  }
}
