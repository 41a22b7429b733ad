import { STATUS_CODES } from 'node:http';
import type { PreparedAnswer } from '../site/site-handler.ts';
import type { Dated } from './hot-answer.ts';

/** Builds the bytes of a response of HTTP/1.1. */
export function http1Bytes({ status, headers, body }: PreparedAnswer, keepAliveMs: number): Dated<Buffer> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}`;
  const last = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
  return (second) => {
    const date = new Date(second * 1000).toUTCString();
    const head = `${first}Date: ${date}\r\n${last}`;
    const bytes = Buffer.allocUnsafeSlow(head.length + body.length);
    bytes.write(head, 'latin1');
    bytes.set(body, head.length);
    return bytes;
  };
}
