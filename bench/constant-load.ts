/**
 * `node bench/constant-load.ts URL RATE`: sends RATE requests a second over keep-alive connections until stdin ends, over
 * HTTP/2 if the URL begins with `https`.
 * The loop is open: a late response does not delay the next request. Prints the figures as a line of JSON whenever it
 * reads the line `mark` from stdin, and at the end.
 */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface LoadFigures {
  readonly requests: number;
  /** Connections that broke, responses other than 200, and bodies of a revision other than the one in the header. */
  readonly failures: number;
  /** Latencies in milliseconds, from the time when a request was due to its response. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly revisions: readonly string[];
}

const CONNECTIONS = 50;
const [, , address = '', rateText = '1000'] = process.argv;
const url = new URL(address);
const rate = Number(rateText);
const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.username}\r\nUser-Agent: constant-load\r\n\r\n`;

let latencies: number[] = [];
let failures = 0;
let revisions = new Set<string>();

class Connection {
  #socket: Socket | undefined;
  #received = '';
  #due: number[] = [];

  send(due: number): void {
    this.#due.push(due);
    this.#socket ??= this.#connect();
    this.#socket.write(request);
  }

  get waiting(): number {
    return this.#due.length;
  }

  #connect(): Socket {
    const socket = connect(Number(url.port), url.hostname);
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => {});
    socket.on('close', () => {
      failures += this.#due.length;
      this.#due = [];
      this.#received = '';
      this.#socket = undefined;
    });
    return socket;
  }

  #take(text: string): void {
    this.#received += text;
    while (true) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const head = this.#received.slice(0, end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (this.#received.length < end + 4 + length) return;
      const body = this.#received.slice(end + 4, end + 4 + length);
      this.#received = this.#received.slice(end + 4 + length);
      const revision = /^skerry-revision: (\S+)/im.exec(head)?.[1] ?? '';
      note(head.startsWith('HTTP/1.1 200'), revision, body, this.#due.shift() ?? 0);
    }
  }
}

class Http2Connection {
  #session: ClientHttp2Session | undefined;

  send(due: number): void {
    this.#session ??= this.#connect();
    const stream = this.#session.request({ ':authority': url.username, ':path': url.pathname });
    let status: number | undefined;
    let revision = '';
    let body = '';
    let isWhole = false;
    stream.setEncoding('latin1');
    stream.on('response', (head) => {
      status = head[':status'];
      revision = String(head['skerry-revision']);
    });
    stream.on('data', (text: string) => {
      body += text;
    });
    stream.on('end', () => {
      isWhole = true;
    });
    stream.on('error', () => {});
    stream.on('close', () => note(status === 200 && isWhole, revision, body, due));
  }

  #connect(): ClientHttp2Session {
    const session = connectHttp2(url.origin, { rejectUnauthorized: false });
    session.on('error', () => {});
    session.on('close', () => {
      this.#session = undefined;
    });
    return session;
  }
}

/** The body of each revision begins with its number. */
function note(isGood: boolean, revision: string, body: string, due: number): void {
  if (!isGood || !body.startsWith(`${revision} `)) failures++;
  revisions.add(revision);
  latencies.push(performance.now() - due);
}

const Kind = url.protocol === 'https:' ? Http2Connection : Connection;
const connections = Array.from({ length: CONNECTIONS }, () => new Kind());
const began = performance.now();
let sent = 0;
const timer = setInterval(() => {
  for (const now = performance.now(); sent < ((now - began) / 1000) * rate; sent++)
    connections[sent % CONNECTIONS]?.send(began + (sent / rate) * 1000);
}, 1);

function report(): void {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const figures: LoadFigures = {
    requests: sorted.length,
    failures,
    p50: at(0.5),
    p99: at(0.99),
    longest: at(1),
    revisions: [...revisions],
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  latencies = [];
  failures = 0;
  revisions = new Set();
}

createInterface({ input: process.stdin })
  .on('line', report)
  .on('close', () => {
    clearInterval(timer);
    process.exit(0);
  });
