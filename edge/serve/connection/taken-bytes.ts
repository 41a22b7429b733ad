import type { Socket } from 'node:net';

/** What Node's own time-out of sockets reads; there is no public name for it. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  /** Of TLS: the socket that carries it. */
  readonly _parent?: Handle;
}

/**
 * How many bytes the kernel has taken from a socket, in the middle of a write as well; what is written at once may be
 * large. Undefined for a socket that is closed.
 */
export function takenBytes(socket: Socket): number | undefined {
  const { _handle } = socket as unknown as { readonly _handle?: Handle | null };
  const handle = _handle?._parent ?? _handle;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) return undefined;
  return handle.bytesWritten - handle.writeQueueSize;
}
