import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ApiClient } from '../../origin/client/api-client.ts';
import { type OriginOptions, startOrigin } from '../../origin/main.ts';
import { freePorts } from './free-ports.ts';
import { ask } from './http.ts';
import { type TurnedClock, turnedClock } from './turned-clock.ts';

export interface LoneOrigin {
  readonly url: string;
  /** Its data folder. */
  readonly data: string;
  readonly token: string;
  readonly clock: TurnedClock;
  readonly client: ApiClient;
  /** Puts one file. Returns the body and the status of the answer. */
  put(site: string, path: string, content: string, mode?: string): Promise<Answered>;
  post(path: string, body?: unknown): Promise<Answered>;
  restart(): Promise<void>;
}

interface Answered {
  readonly status: number;
  readonly ms: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Starts an origin in this process. The test controls its clock, and it ends with the test. */
export async function loneOrigin(t: Test, options: Partial<OriginOptions> = {}): Promise<LoneOrigin> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
  const [port = 0] = await freePorts(1);
  const clock = turnedClock();
  const start = () =>
    startOrigin(
      { data: join(folder, 'origin'), host: '127.0.0.1', port, ...options },
      pino({ level: 'silent' }),
      clock,
    );
  let running = await start();
  const { url } = running;
  const token = (await readFile(join(folder, 'origin', 'admin-token'), 'utf8')).trim();
  const client = new ApiClient(url, token, new AbortController().signal);
  t.teardown(async () => {
    await client.close();
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });
  const send = async (method: string, path: string, body: string, type: string): Promise<Answered> => {
    const began = performance.now();
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const answer = await ask(url, path, { method, body, headers });
    const ms = performance.now() - began;
    return { status: answer.status, ms, body: JSON.parse(answer.body.toString()) };
  };
  return {
    url,
    data: join(folder, 'origin'),
    token,
    clock,
    client,
    put: (site, path, content, mode) =>
      send(
        'PUT',
        `/v1/sites/${site}/files/${path}${mode === undefined ? '' : `?mode=${mode}`}`,
        content,
        'application/octet-stream',
      ),
    post: (path, body = {}) => send('POST', path, JSON.stringify(body), 'application/json'),
    async restart() {
      await running.close();
      running = await start();
    },
  };
}
