import type { IncomingMessage } from 'node:http';

const MOST_MS = 2000;
const MOST_BYTES = 256 * 1024;

/**
 * Handles a response that is sent before the whole body has arrived: keeps the connection open for a moment and
 * continues to read. A connection that is closed while its client still sends is reset, and the client may lose the
 * response (RFC 9112, section 9.6).
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  let left = MOST_BYTES;
  // Node discards unread data without counting it, unless a listener reads it before the response is written.
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    // The client's further bytes then wait in its own buffers. Reading them would cost time, and after a reset, the
    // client could lose the response.
    if (left < 0) request.pause();
  });
  // Node calls this function when the response has been written.
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
