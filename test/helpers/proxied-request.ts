import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as secure, type TLSSocket } from 'node:tls';

/** How a request reaches a port, as a proxy would send it. */
export interface Way {
  /** The loopback address that the peer sees. */
  readonly from: string;
  /** What the connection begins with, before TLS. It leaves together with the first bytes that follow. */
  readonly header?: string | Buffer;
  /** The server name, for TLS. */
  readonly tls?: string;
  readonly http2?: boolean;
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface AskedThrough {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly method?: string;
}

/** Sends requests one after another over one connection. */
export async function askThrough(way: Way, port: number, requests: readonly AskedThrough[]): Promise<Told[]> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: way.from });
  const carrier = way.header === undefined ? socket : beginningWith(way.header, socket);
  const connection = way.tls === undefined ? carrier : shakeHands(carrier, way.tls, way.http2);
  const failed = new Promise<never>((_resolve, reject) => connection.once('error', reject));
  failed.catch(() => {});
  try {
    const answers: Told[] = [];
    const ask = way.http2 ? overHttp2(connection) : overHttp1(connection);
    for (const asked of requests) answers.push(await Promise.race([ask(asked), failed]));
    return answers;
  } finally {
    connection.destroy();
    socket.destroy();
  }
}

/** A stream over the socket whose first write has the header in front. */
function beginningWith(header: string | Buffer, socket: Socket): Duplex {
  let before = Buffer.from(header);
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.write(Buffer.concat([before, chunk]), () => done());
      before = Buffer.alloc(0);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes: Buffer) => stream.push(bytes) || socket.pause());
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  return stream;
}

function shakeHands(socket: Duplex, servername: string, http2 = false): TLSSocket {
  const ALPNProtocols = [http2 ? 'h2' : 'http/1.1'];
  return secure({ socket, servername, rejectUnauthorized: false, ALPNProtocols });
}

type Ask = (asked: AskedThrough) => Promise<Told>;

function overHttp1(connection: Duplex): Ask {
  return ({ path, headers, method = 'GET' }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          path,
          method,
          headers: { connection: 'keep-alive', ...headers },
          createConnection: () => connection,
        },
        (response) => {
          response.resume().on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers });
          });
        },
      );
      sent.on('error', reject).end();
    });
}

function overHttp2(connection: Duplex): Ask {
  const session = connectHttp2('https://localhost', { createConnection: () => connection });
  session.on('error', () => {});
  return ({ path, headers: { host = '', ...headers } }) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, ':authority': host, ...headers });
      stream.on('response', (answer) => {
        stream.resume().on('end', () => resolve({ status: Number(answer[':status']), headers: answer }));
      });
      stream.on('error', reject);
    });
}
