/**
 * `node bench/idle-clients.ts URL HOST`: opens HTTP/2 connections and leaves them idle. Reads orders from stdin, until
 * it ends: `open N` opens connections until there are N. `ask N` does the same, and then sends a request on each
 * connection that has sent none. After each order, it prints how many connections are open.
 */
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { encodeFields } from '../edge/serve/hpack/encoder.ts';
import { ACK, END_STREAM, frame, framesIn, PREFACE, TYPES, WHOLE } from '../test/helpers/http2-frames.ts';

/** How many handshakes are under way at a time. */
const HANDSHAKES = 32;

const [, , address = '', host = ''] = process.argv;
const url = new URL(address);
const request = frame(
  'headers',
  WHOLE,
  1,
  encodeFields([
    [':method', 'GET'],
    [':path', url.pathname],
    [':scheme', 'https'],
    [':authority', host],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0'],
    ['accept', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8'],
    ['accept-encoding', 'gzip, deflate, br, zstd'],
    ['cookie', 'session=5f2b8c1e9a7d4f60; theme=dark; _ga=GA1.2.1234567890.1700000000'],
  ]),
);
const hasAsked = new Map<TLSSocket, boolean>();

async function open(): Promise<void> {
  const socket = connect({
    ...{ host: url.hostname, port: Number(url.port), ALPNProtocols: ['h2'], rejectUnauthorized: false },
  });
  socket.on('error', () => {});
  socket.on('close', () => hasAsked.delete(socket));
  hasAsked.set(socket, false);
  socket.write(Buffer.concat([PREFACE, frame('settings', 0, 0)]));
  await received(socket, ({ type, flags }) => type === TYPES.settings && flags === 0);
  socket.write(frame('settings', ACK, 0));
}

async function ask(socket: TLSSocket): Promise<void> {
  hasAsked.set(socket, true);
  socket.write(request);
  await received(socket, ({ type, flags }) => type === TYPES.data && (flags & END_STREAM) !== 0);
}

/** Resolves when the server has sent such a frame, or has closed the connection. */
function received(socket: TLSSocket, isIt: (frame: { type: number; flags: number }) => boolean) {
  return new Promise<void>((resolve) => {
    let bytes = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      const { frames, rest } = framesIn(Buffer.concat([bytes, chunk]));
      bytes = Buffer.from(rest);
      if (!frames.some(isIt)) return;
      socket.off('data', read).off('close', resolve);
      resolve();
    };
    socket.on('data', read).on('close', resolve);
  });
}

async function obey(order: 'open' | 'ask', count: number): Promise<void> {
  let missing = count - hasAsked.size;
  const unasked = [...hasAsked].filter(([, asked]) => order === 'ask' && !asked).map(([socket]) => socket);
  const work = async () => {
    while (missing-- > 0) await open();
  };
  for (const socket of unasked) await ask(socket);
  await Promise.all(Array.from({ length: HANDSHAKES }, work));
  if (order === 'ask') for (const [socket, asked] of hasAsked) if (!asked) await ask(socket);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [order, count] = line.split(' ');
  await obey(order === 'ask' ? 'ask' : 'open', Number(count));
  process.stdout.write(`${hasAsked.size}\n`);
}
process.exit(0);
