import { connect, type Socket } from 'node:net';

const DRIP_MS = 500;
/** The connections come from enough addresses that none has more than one client may have. */
const PER_ADDRESS = 200;

export interface SlowClients {
  /** Connections that the server has not ended. */
  readonly open: number;
  end(): void;
}

/** Opens connections to a loopback port. Every other one sends nothing, and the rest send a head byte by byte. */
export async function slowClients(
  server: { readonly host: string; readonly port: number },
  count: number,
): Promise<SlowClients> {
  const open = new Set<Socket>();
  const head = 'GET /a.css HTTP/1.1\r\nHost: www.localhost\r\nUser-Agent: slow';
  let sent = 0;
  for (let i = 0; i < count; i++) {
    const localAddress = `127.0.1.${1 + Math.floor(i / PER_ADDRESS)}`;
    await new Promise<void>((resolve) => {
      const socket = connect({ ...server, localAddress }, resolve);
      open.add(socket);
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => {
        open.delete(socket);
        resolve();
      });
    });
  }
  const dripping = [...open].filter((_, i) => i % 2 === 1);
  const drip = setInterval(() => {
    const byte = sent < head.length ? head.charAt(sent) : 'x';
    sent++;
    for (const socket of dripping) if (socket.writable) socket.write(byte);
  }, DRIP_MS);
  return {
    get open() {
      return open.size;
    },
    end() {
      clearInterval(drip);
      for (const socket of open) socket.destroy();
    },
  };
}
