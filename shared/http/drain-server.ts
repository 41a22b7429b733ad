import type { HttpServer } from './server.ts';

const DRAIN_MS = 5000;
const IDLE_MS = 50;

/** Answers the requests that have begun, for at most `DRAIN_MS`. */
export async function drainServer(app: HttpServer): Promise<void> {
  // A client keeps its connection open after a response, so connections become idle while the server closes.
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_MS);
  const timer = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(timer);
}
