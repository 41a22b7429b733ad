import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import type { Random } from '../helpers/random.ts';
import { EMPTY_FRAMES, endless } from './endless.ts';
import {
  ANSWER_LIES,
  type Answer,
  FRAME_LIES,
  type Lie,
  lieAboutAnswer,
  lieAboutReport,
  REPORT_LIES,
} from './lies.ts';
import { lieAboutFrame, type Memory } from './lies-about-frames.ts';

const MOST_ANSWERS = 8;
/** Time passes twenty times as fast in these rounds. */
const TRICKLE_MS = 300;

/** A parent that relays the feed of an honest one, and lies about it when told to. */
export class LyingParent {
  readonly url: string;
  /** The lies that it may tell. Without any, it is honest. */
  lies: readonly Lie[] = [];
  /** The percentage of its answers and frames that are lies. */
  often = 30;
  /** How many lies it has told. */
  told = 0;
  /** How many requests for a stream it got since it began to lie. */
  dialled = 0;
  readonly #target: string;
  readonly #dice: Random;
  readonly #server: ReturnType<typeof createServer>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #answers = new Map<string, Answer[]>();
  readonly #memory: Memory = { heads: [], records: [], held: undefined };

  private constructor(server: ReturnType<typeof createServer>, target: string, dice: Random) {
    this.#server = server;
    this.#target = target;
    this.#dice = dice;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string, dice: Random): Promise<LyingParent> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const liar = new LyingParent(server, target, dice);
    server.on('request', (asked: IncomingMessage, reply: ServerResponse) => {
      liar.#answer(asked, reply).catch(() => reply.destroy());
    });
    return liar;
  }

  /** Lies from now on. Ends all connections, so that new streams can begin with a lie. */
  turn(lies: readonly Lie[], often: number): void {
    this.lies = lies;
    this.often = often;
    this.dialled = 0;
    this.#server.closeAllConnections();
  }

  /** Tells the truth from now on. Ends all connections, and with them the lies under way. */
  repent(): void {
    this.lies = [];
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Picks one of these lies, or none. */
  #lie<T extends Lie>(kinds: readonly T[]): T | undefined {
    const mine = kinds.filter((kind) => this.lies.includes(kind));
    if (mine.length === 0 || this.#dice.below(100) >= this.often) return undefined;
    this.told++;
    return this.#dice.pick(mine);
  }

  async #answer(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    const path = asked.url ?? '';
    const body = await collected(asked);
    if (/^\/feed\/v1\/(stream|records)/.test(path)) return this.#stream(asked, reply);
    const kind = kindOf(path);
    const others = this.#answers.get(kind) ?? [];
    const aboutReport = kind === 'report' ? this.#lie(REPORT_LIES) : undefined;
    const answer = aboutReport?.startsWith('report') ? NOTHING : await this.#ask(asked, body);
    if (aboutReport !== undefined)
      return send(reply, path, lieAboutReport(aboutReport, answer, others, this.#dice));
    const lie = kind === 'join' || kind === 'report' ? undefined : this.#lie(ANSWER_LIES);
    const told =
      lie === undefined
        ? answer
        : lieAboutAnswer(
            lie,
            answer,
            lie === 'entries-endless' && kind === 'leaves' ? [answer] : others,
            this.#dice,
          );
    this.#answers.set(kind, [...others, answer].slice(-MOST_ANSWERS));
    if (lie === 'entries-endless' && kind === 'diff')
      return send(
        reply,
        path,
        lieAboutAnswer('missing', answer, [], { ...this.#dice, pick: (all) => all.at(-1) as never }),
      );
    await send(reply, path, told, leavesOf(body));
  }

  async #stream(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.dialled++;
    const refusal = this.#lie(['refused', 'pruned', 'too-new', 'empty']);
    if (refusal !== undefined) {
      const nothing = { status: 200, headers: {}, body: Buffer.alloc(0) };
      return send(reply, asked.url ?? '', lieAboutAnswer(refusal, nothing, [], this.#dice));
    }
    // The answer must not be encoded, so that lies can change its lines.
    delete asked.headers['accept-encoding'];
    const relayed = await this.#request(asked);
    reply.on('close', () => relayed.destroy());
    reply.writeHead(relayed.statusCode ?? 502, headersOf(relayed.headers));
    for await (const line of createInterface({ input: relayed })) {
      const lie = relayed.statusCode === 200 ? this.#lie(FRAME_LIES) : undefined;
      const told = lie === undefined ? [line] : lieAboutFrame(lie, line, this.#memory, this.#dice);
      if (line.includes('"t":"head"')) this.#memory.heads.push(line);
      if (line.includes('"t":"record"')) this.#memory.records.push(line);
      if (lie === 'stream-trickle') await trickle(reply, blanks());
      if (told === undefined) break;
      for (const frame of told) {
        if (!reply.write(`${frame}\n`)) await drained(reply);
      }
    }
    reply.end();
  }

  async #ask(asked: IncomingMessage, body: Buffer): Promise<Answer> {
    const relayed = await this.#request(asked, body);
    return {
      status: relayed.statusCode ?? 502,
      headers: headersOf(relayed.headers),
      body: await collected(relayed),
    };
  }

  #request(asked: IncomingMessage, body?: Buffer): Promise<IncomingMessage> {
    const { hostname, port } = new URL(this.#target);
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = asked.headers;
    return new Promise((resolve, reject) => {
      const to = { hostname, port, path: asked.url, method: asked.method, headers, agent: this.#agent };
      const sent = request(to, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

const NOTHING: Answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.alloc(0),
};

const kindOf = (path: string) =>
  /(join|report|diff|nodes|leaves|entries|bundle|objects)/.exec(path)?.[1] ?? path;

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (
      typeof value === 'string' &&
      !/^(content-length|transfer-encoding|connection|keep-alive|date)$/.test(name)
    )
      kept[name] = value;
  }
  return kept;
}

function leavesOf(body: Buffer): number[] {
  try {
    return (JSON.parse(body.toString('utf8')) as { leaves?: number[] }).leaves ?? [];
  } catch {
    return [];
  }
}

async function send(
  reply: ServerResponse,
  path: string,
  { status, headers, body, end }: Answer,
  leaves: readonly number[] = [],
): Promise<void> {
  const { 'content-encoding': coding, ...uncoded } = headers;
  reply.writeHead(status, end === 'endless' || coding === undefined ? uncoded : headers);
  if (end === 'silent') return void reply.write(body);
  if (end === 'trickle') return trickle(reply, body);
  if (end === 'cut') {
    reply.write(body);
    setImmediate(() => reply.destroy());
    return;
  }
  if (end === undefined) return void reply.end(body);
  const pieces = end === 'nothing' ? nothing() : endless(path, leaves);
  if (end === 'endless' && /diff|entries/.test(path)) {
    const plain = headers['content-encoding'] === 'zstd' ? zstdDecompressSync(body) : body;
    reply.write(plain.subarray(0, plain.indexOf(10) + 1));
  }
  for (const piece of pieces) {
    if (reply.destroyed) return;
    if (!reply.write(piece)) await drained(reply);
  }
}

/** Resolves when the connection takes more bytes, or is gone. */
async function drained(reply: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  if (reply.destroyed) return;
  await Promise.race([once(reply, 'drain', { signal }), once(reply, 'close', { signal })]);
  settled.abort();
}

/** Sends a byte now and then, so that the connection does not count as silent. */
async function trickle(reply: ServerResponse, bytes: Iterable<number>): Promise<void> {
  for (const byte of bytes) {
    if (reply.destroyed) return;
    reply.write(Buffer.of(byte));
    await pause(TRICKLE_MS);
  }
  reply.end();
}

function* blanks(): Generator<number> {
  while (true) yield 32;
}

function* nothing(): Generator<Buffer> {
  while (true) yield EMPTY_FRAMES;
}

async function collected(body: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
