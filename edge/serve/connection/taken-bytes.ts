import type { Socket } from 'node:net';

/** The internal handle of a socket. Node's own socket timeout reads it too. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  /** With TLS, the handle of the underlying socket. */
  readonly _parent?: Handle;
}

/**
 * How many bytes the kernel has taken from a socket, even in the middle of a large write. Undefined for a closed
 * socket.
 */
export function takenBytes(socket: Socket): number | undefined {
  const { _handle } = socket as unknown as { readonly _handle?: Handle | null };
  const handle = _handle?._parent ?? _handle;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) return undefined;
  return handle.bytesWritten - handle.writeQueueSize;
}
