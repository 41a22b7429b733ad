/**
 * `node bench/node-server.ts http2|tls CERTIFICATE`: a server of Node to compare with, which answers each request with
 * 1 KB. With `tls`, it reads no frames, and answers each chunk. Prints its port.
 */
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { END_STREAM, frame } from '../test/helpers/http2-frames.ts';

const [, , kind, certificate] = process.argv;
const options = {
  cert: readFileSync(`${certificate}.crt`),
  key: readFileSync(`${certificate}.key`),
  ALPNProtocols: ['h2'],
  noDelay: true,
};
const body = Buffer.alloc(1024);
const settings = frame('settings', 0, 0);
const answer = frame('data', END_STREAM, 1, body);

const server =
  kind === 'http2'
    ? createSecureServer(options, (_request, response) => void response.end(body)).setTimeout(0)
    : createServer(options, (socket) => {
        socket.on('error', () => socket.destroy());
        socket.on('data', () => socket.write(answer));
        socket.write(settings);
      });
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${port}\n`);
});
