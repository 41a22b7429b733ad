import type { IncomingMessage } from 'node:http';

const MOST_MS = 2000;
const MOST_BYTES = 256 * 1024;

/**
 * Keeps the connection open for a moment after an answer that was sent before the whole body had arrived, and continues
 * to read. A connection that is closed while its client still sends is reset, and the reset may destroy the answer (RFC
 * 9112,
 * 9.6).
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  let left = MOST_BYTES;
  // Node discards unread data without counting it, unless a listener reads it before the answer is written.
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    // The client's further bytes then wait in its own buffers. Reading them would cost time, and a reset could destroy
    // the answer.
    if (left < 0) request.pause();
  });
  // Node calls this function when the answer has been written.
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
