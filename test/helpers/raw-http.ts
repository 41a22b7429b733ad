import { connect, type NetConnectOpts } from 'node:net';

/** A server that has been silent for this long will not answer the request, however busy the machine is. */
const SILENT_MS = 20_000;

export interface Exchanged {
  /** The bytes as latin1. */
  readonly text: string;
  /** The connection broke, so the end of what the server sent may be lost. */
  readonly isReset: boolean;
}

/**
 * Sends the pieces one by one over a new connection. Resolves with everything that came back, when the server has ended
 * the connection or has been silent for longer than any answer takes.
 */
export function exchange(
  server: NetConnectOpts,
  pieces: readonly string[],
  silentMs = SILENT_MS,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    let isReset = false;
    const socket = connect(server, () => sendFrom(0));
    const finish = () => {
      socket.destroy();
      resolve({ text: Buffer.concat(received).toString('latin1'), isReset });
    };
    socket.setNoDelay(true).setTimeout(silentMs, finish);
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    socket.on('error', () => {
      isReset = true;
      finish();
    });
    socket.on('close', finish);

    function sendFrom(index: number): void {
      const piece = pieces[index];
      // The next piece is sent when this one has left, so it goes in its own packet.
      if (piece !== undefined && !socket.destroyed)
        socket.write(piece, 'latin1', () => setImmediate(() => sendFrom(index + 1)));
    }
  });
}
