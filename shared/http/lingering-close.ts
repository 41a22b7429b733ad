import type { IncomingMessage } from 'node:http';

const MOST_MS = 2000;
const MOST_BYTES = 256 * 1024;

/**
 * Has the connection of a request that is answered before its body has come stay open for a moment after the answer,
 * and reads on. A connection that is closed while its client still sends is reset, and the answer may be lost with it
 * (RFC 9112, 9.6).
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  let left = MOST_BYTES;
  // Node throws what comes away uncounted, unless somebody reads it before the answer has been written.
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    // What the client goes on sending fills its own buffers: reading it costs time, a reset costs the answer.
    if (left < 0) request.pause();
  });
  // Node calls it when the answer has been written.
  socket.destroySoon = () => {
    const close = () => socket.destroy();
    const timer = setTimeout(close, MOST_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.once('finish', () => {
      if (request.complete) close();
      else request.once('end', close);
    });
    socket.end();
  };
}
