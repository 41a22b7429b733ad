import type { Socket } from 'node:net';

/** The handle that Node's own socket time-out reads. It has no public name. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  /** With TLS, the socket that carries it. */
  readonly _parent?: Handle;
}

/**
 * How many bytes the kernel has taken from a socket, also in the middle of a write, which may be large. Undefined for a
 * closed socket.
 */
export function takenBytes(socket: Socket): number | undefined {
  const { _handle } = socket as unknown as { readonly _handle?: Handle | null };
  const handle = _handle?._parent ?? _handle;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) return undefined;
  return handle.bytesWritten - handle.writeQueueSize;
}
