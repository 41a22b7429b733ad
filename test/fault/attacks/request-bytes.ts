import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Server } from './attack.ts';

/** How long the server may stay silent after the last byte before the attacker stops waiting. */
const SILENT_MS = 20_000;
const PIECE = 256 * 1024;

export interface RequestBytes {
  /** The request line and the fields, each with CRLF, without the empty line at the end. */
  readonly head: string;
  readonly body: Iterable<Buffer>;
}

/** One head, then a body of the given length that begins with a text and repeats a byte. */
export function repeatedBody(
  begin: string,
  byte: string,
  length: number,
): { length: number; pieces: Iterable<Buffer> } {
  const piece = Buffer.alloc(PIECE, byte);
  return {
    length: begin.length + length,
    pieces: (function* () {
      yield Buffer.from(begin);
      for (let sent = 0; sent < length; sent += PIECE)
        yield piece.subarray(0, Math.min(PIECE, length - sent));
    })(),
  };
}

/**
 * Sends a request as fast as the server reads it. Resolves with the status, or with how the connection ended without
 * one.
 */
export async function sendRequest(server: Server, { head, body }: RequestBytes): Promise<string> {
  const socket = connect(server);
  const answer = answerOn(socket);
  socket.write(`${head}\r\n`);
  for (const piece of body) {
    if (socket.destroyed || socket.writableEnded) break;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), answer]);
  }
  return answer;
}

/** The status and the length of the head of the answer to a GET. Undefined when no whole head arrives. */
export async function askForHead(
  server: Server,
  path: string,
  host: string,
): Promise<{ status: string; bytes: number } | undefined> {
  const socket = connect(server);
  socket.setTimeout(SILENT_MS, () => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const parts: Buffer[] = [];
  try {
    for await (const bytes of socket) parts.push(bytes as Buffer);
  } catch {
    return undefined;
  }
  const text = Buffer.concat(parts).toString('latin1');
  const bytes = text.indexOf('\r\n\r\n');
  return bytes < 0 ? undefined : { status: text.slice(9, 12), bytes };
}

/** Ends the connection when an answer has arrived. */
export function answerOn(socket: Socket, silentMs = SILENT_MS): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const end = (how: string) => {
      socket.destroy();
      resolve(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? how);
    };
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n\r\n')) end('answered');
    });
    socket.on('error', () => end('reset'));
    socket.on('close', () => end('closed'));
    socket.setTimeout(silentMs, () => end('silent'));
  });
}
