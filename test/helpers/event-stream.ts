import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Test } from 'tap';
import type { Event } from '../../shared/wire/event.ts';
import { until } from './until.ts';

export interface OpenStream {
  readonly status: number;
  /** Everything that has come. */
  text(): string;
  events(): Event[];
  isOver(): boolean;
  /** Waits for so many events. */
  comes(count: number): Promise<Event[]>;
  close(): void;
}

/** Opens a stream of server-sent events, which ends with the test. */
export async function openStream(
  t: Test,
  base: string,
  path: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const sent = request(new URL(path, base), {
    agent: new Agent(),
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  let isOver = false;
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    text += piece;
  });
  response.on('error', () => {});
  response.on('close', () => {
    isOver = true;
  });
  const close = () => void response.destroy();
  t.teardown(close);
  const events = () =>
    [...text.matchAll(/^data: (.*)\n/gm)].map(([, data = '']) => JSON.parse(data) as Event);
  return {
    status: response.statusCode ?? 0,
    text: () => text,
    events,
    isOver: () => isOver,
    comes: (count) => until(`${count} events`, () => events().length >= count && events()),
    close,
  };
}
