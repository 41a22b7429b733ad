import type { WaitingReader } from '../bytes/body.ts';
import type { Sink } from './sink.ts';

/** Creates a promise only for readers who wait, because most do not. */
export function waitingReader(client: string, sink: Pick<Sink, 'isGone' | 'whenGone'>): WaitingReader {
  let gone: Promise<void> | undefined;
  return {
    client,
    gone() {
      gone ??= leaving(sink);
      return gone;
    },
  };
}

function leaving(sink: Pick<Sink, 'isGone' | 'whenGone'>): Promise<void> {
  if (sink.isGone) return Promise.resolve();
  return new Promise((resolve) => sink.whenGone(resolve));
}
