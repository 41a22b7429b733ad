import type { FrameSocket } from './frame-writer.ts';

/** The client's side of a connection. */
export interface Peer {
  readonly socket: FrameSocket;
  /** The name under which limits count the client. */
  readonly client: string;
  /** Allows a larger slice, up to `most`. */
  allow(bytes: number, most: number): number;
  /** Stops or starts the reading of the socket. */
  pauseReading(isPaused: boolean): void;
  /** Called once, when nothing will be written any more. */
  ended(): void;
}
