import { connect, type TLSSocket } from 'node:tls';
import { END_HEADERS, frame, PREFACE, setting, uint32, WHOLE } from '../../helpers/http2-frames.ts';
import type { ServingPort } from './readers.ts';

const INITIAL_WINDOW_SIZE = 4;
const MOST_OF_FRAME = 16_384;
const MOST_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
const CANCEL = uint32(8);
const FLOOD = 50_000;

const GREETING = Buffer.concat([PREFACE, frame('settings', 0, 0)]);

/** A field that is not indexed (RFC 7541, section 6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

const requestHead = (host: string, path: string) =>
  Buffer.concat([
    literal(':method', 'GET'),
    literal(':scheme', 'https'),
    literal(':path', path),
    literal(':authority', host),
  ]);

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Streams that are cancelled right after they are opened. */
export function rapidResets(host: string, path: string, streams = 10_000): Buffer {
  const head = requestHead(host, path);
  return Buffer.concat(
    numbers(streams).flatMap((i) => [
      frame('headers', WHOLE, 2 * i + 1, head),
      frame('reset', 0, 2 * i + 1, CANCEL),
    ]),
  );
}

/** Heads that refer to one long entry of the dynamic table thousands of times each. */
export function headBombs(host: string, path: string, streams = 200): Buffer {
  const head = requestHead(host, path);
  const long = 3900;
  const entry = Buffer.concat([
    Buffer.from([0x40, 1]),
    Buffer.from('z'),
    Buffer.from([0x7f, 0x80 + ((long - 127) % 128), Math.floor((long - 127) / 128)]),
    Buffer.alloc(long, 'a'),
  ]);
  return Buffer.concat([
    frame('headers', WHOLE, 1, Buffer.concat([head, entry])),
    ...numbers(streams).map((i) =>
      frame('headers', WHOLE, 2 * i + 3, Buffer.concat([head, Buffer.alloc(12_000, 0xbe)])),
    ),
  ]);
}

/** A field that the dynamic table remembers from then on (RFC 7541, section 6.2.1). */
function remembered(name: string, value: string): Buffer {
  const rest = value.length - 127;
  return Buffer.concat([
    Buffer.from([0x40, name.length]),
    Buffer.from(name),
    Buffer.from([0x7f, 0x80 + (rest % 128), Math.floor(rest / 128)]),
    Buffer.from(value),
  ]);
}

/**
 * Heads that repeat a long field as often as a head may have fields, on streams whose answers nobody reads. Joined, the
 * field is half a megabyte. The settings that would forbid it are never acknowledged.
 */
export function longHeads(host: string, path: string, streams = 127): Buffer {
  const head = requestHead(host, path);
  const long = remembered('accept-encoding', 'a,'.repeat(1950));
  const again = Buffer.alloc(120, 0xbe);
  return Buffer.concat([
    frame('settings', 0, 0, setting(INITIAL_WINDOW_SIZE, 0)),
    frame('headers', WHOLE, 1, Buffer.concat([head, long])),
    ...numbers(streams).map((i) => frame('headers', WHOLE, 2 * i + 3, Buffer.concat([head, again]))),
  ]);
}

/** The longest head that may be sent without its end. */
export function unfinishedHead(host: string, path: string, fields = 2): Buffer {
  const value = Buffer.alloc(60_000, 'a');
  const rest = value.length - 127;
  const field = Buffer.concat([
    Buffer.from([0, 1, 0x7a, 0x7f, 0x80 + (rest % 128), 0x80 + (Math.floor(rest / 128) % 128), rest >> 14]),
    value,
  ]);
  return Buffer.concat([
    frame('headers', 0, 1, requestHead(host, path)),
    ...numbers(fields).flatMap(() =>
      numbers(Math.ceil(field.length / MOST_OF_FRAME)).map((i) =>
        frame('continuation', 0, 1, field.subarray(i * MOST_OF_FRAME, (i + 1) * MOST_OF_FRAME)),
      ),
    ),
  ]);
}

/** A head that never ends. */
export function endlessHead(host: string, path: string, frames = 30_000): Buffer {
  return Buffer.concat([
    frame('headers', 0, 1, requestHead(host, path)),
    ...numbers(frames).map(() => frame('continuation', 0, 1, Buffer.alloc(0))),
    frame('continuation', END_HEADERS, 1, Buffer.alloc(0)),
  ]);
}

/** Requests that the server has to reset, because a window is opened by 0. */
export function forcedResets(host: string, path: string, streams = 10_000): Buffer {
  const head = requestHead(host, path);
  return Buffer.concat(
    numbers(streams).flatMap((i) => [
      frame('headers', END_HEADERS, 2 * i + 1, head),
      frame('window', 0, 2 * i + 1, uint32(0)),
    ]),
  );
}

const flood = (one: Buffer) => Buffer.concat(numbers(FLOOD).map(() => one));

/** Settings, each of which the server has to acknowledge. */
export const settingsInARow = () => flood(frame('settings', 0, 0, setting(INITIAL_WINDOW_SIZE, 1000)));

export const pings = () => flood(frame('ping', 0, 0, Buffer.alloc(8)));

export const priorities = () => flood(frame('priority', 0, 1, Buffer.alloc(5, 1)));

/** A request whose body consists of empty frames. */
export function emptyBodies(host: string, path: string): Buffer {
  const head = frame('headers', END_HEADERS, 1, requestHead(host, path));
  return Buffer.concat([head, flood(frame('data', 0, 1))]);
}

/** A response whose window is opened byte by byte. */
export function smallWindows(host: string, path: string): Buffer {
  return Buffer.concat([
    frame('settings', 0, 0, setting(INITIAL_WINDOW_SIZE, 0)),
    frame('headers', WHOLE, 1, requestHead(host, path)),
    flood(frame('window', 0, 1, uint32(1))),
  ]);
}

/** Requests with windows as wide as can be, for readers who read nothing. */
export function unreadResponses(host: string, path: string, streams = 2000): Buffer {
  const head = requestHead(host, path);
  return Buffer.concat([
    frame('settings', 0, 0, setting(INITIAL_WINDOW_SIZE, MOST_WINDOW)),
    frame('window', 0, 0, uint32(MOST_WINDOW - DEFAULT_WINDOW)),
    ...numbers(streams).map((i) => frame('headers', WHOLE, 2 * i + 1, head)),
  ]);
}

/** Sends the same bytes on several TLS connections, whose responses are read unless `isReading` is false. Resolves with how many of them the server has ended. */
export async function sendFrames(
  edge: ServingPort,
  servername: string,
  bytes: Buffer,
  { connections = 20, addresses = 20, seconds = 4, isReading = true } = {},
): Promise<{ connections: number; ended: number }> {
  let ended = 0;
  const opened = await Promise.all(
    numbers(connections).map(
      (i) =>
        new Promise<TLSSocket>((resolve) => {
          const socket = connect(
            {
              ...{ ...edge, servername, localAddress: `127.0.3.${1 + (i % addresses)}` },
              ...{ rejectUnauthorized: false, ALPNProtocols: ['h2'] },
            },
            () => resolve(socket),
          );
          socket.on('error', () => resolve(socket));
          socket.on('close', () => ended++);
          if (isReading) socket.resume();
        }),
    ),
  );
  for (const socket of opened) {
    socket.write(GREETING);
    socket.write(bytes);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const result = { connections, ended };
  for (const socket of opened) socket.destroy();
  return result;
}
