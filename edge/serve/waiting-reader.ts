import type { FastifyReply } from 'fastify';
import type { WaitingReader } from './bytes/body.ts';
import type { Connection } from './connection/large-writes.ts';

/** The response object of HTTP/1.1 or HTTP/2. In HTTP/2, its stream shows when the reader leaves. */
export interface RawResponse {
  readonly destroyed: boolean;
  readonly stream?: {
    readonly destroyed: boolean;
    readonly closed: boolean;
    readonly session?: Connection | undefined;
  };
  once(event: 'close', listener: () => void): void;
}

/** Creates a promise only for readers who wait, because most do not. */
export function waitingReader(client: string, reply: FastifyReply): WaitingReader {
  let gone: Promise<void> | undefined;
  return {
    client,
    gone() {
      gone ??= leaving(reply);
      return gone;
    },
  };
}

export function isGone(reply: FastifyReply): boolean {
  const { destroyed, stream } = reply.raw as RawResponse;
  return destroyed || stream?.destroyed === true || stream?.closed === true;
}

function leaving(reply: FastifyReply): Promise<void> {
  if (isGone(reply)) return Promise.resolve();
  return new Promise((resolve) => (reply.raw as RawResponse).once('close', resolve));
}
