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
import type { Self } from '../../edge/follow/upstream/transfer.ts';
import type { Upstream } from '../../edge/follow/upstream/upstream.ts';
import type { SignedGrant } from '../../shared/log/grant.ts';
import { GENESIS } from '../../shared/log/record.ts';
import { type ReportAnswer, type SignedReport, signReport } from '../../shared/wire/protocol.ts';
import { edgeReport } from '../helpers/edge-report.ts';
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
import {
  alteredReport,
  GRANT_LIES,
  hasResults,
  lieAboutGrants,
  Past,
  RELAY_LIES,
  type RelayLie,
} from './lies-about-tasks.ts';

const MOST_ANSWERS = 8;
/** Time passes twenty times as fast in these rounds. */
const TRICKLE_MS = 300;

/** The liar is a member, so the origin takes the reports that it passes on. */
export interface LiarAsMember {
  readonly self: Self;
  readonly origin: Upstream;
}

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
  readonly #past = new Past();
  member: LiarAsMember | undefined;
  #reportTime = 0;

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

  /**
   * Sends reports of others to the origin, other than they came. Resolves with undefined if there is nothing to lie
   * about.
   */
  async #relay(
    lie: RelayLie,
    reports: readonly SignedReport[],
    ask: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const past = this.#past;
    const [first] = reports;
    if (first === undefined) return undefined;
    const old = past.reportsOf(first.edge);
    if (lie.startsWith('result') && !reports.some(hasResults)) return undefined;
    if (lie === 'report-old' && old.length === 0) return undefined;
    this.told++;
    if (lie === 'result-withheld' || lie === 'result-altered')
      return granting(await this.#sendOwn(reports.map((report) => alteredReport(lie, report))));
    if (lie === 'report-late' && past.held.length === 0) {
      past.held = reports;
      return granting([]);
    }
    if (lie === 'report-old') await this.#sendOwn([this.#dice.pick(old)]);
    const answer = await ask();
    past.note(reports, grantsIn(answer));
    if (lie === 'report-old') return answer;
    const again = await this.#sendOwn(lie === 'report-late' ? past.held : reports);
    past.held = [];
    return lie === 'report-twice' && this.#dice.below(2) === 0 ? granting(again) : answer;
  }

  /** Sends reports in its own name, as a parent does. */
  async #sendOwn(reports: readonly SignedReport[]): Promise<SignedGrant[]> {
    if (this.member === undefined) return [];
    const { self, origin } = this.member;
    const report = edgeReport({ time: ++this.#reportTime, position: 0, hash: GENESIS });
    const own = signReport(self.log, self.name, report, self.key);
    const { grants } = await origin.report(self, [own, ...reports], AbortSignal.timeout(5000));
    return [...grants];
  }

  /** Picks one of these lies, or none. It counts when it changes something. */
  #planned<T extends Lie>(kinds: readonly T[]): T | undefined {
    const mine = kinds.filter((kind) => this.lies.includes(kind));
    return mine.length === 0 || this.#dice.below(100) >= this.often ? undefined : this.#dice.pick(mine);
  }

  /** Picks one of these lies, or none. */
  #lie<T extends Lie>(kinds: readonly T[]): T | undefined {
    const picked = this.#planned(kinds);
    if (picked !== undefined) this.told++;
    return picked;
  }

  async #answer(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    const path = asked.url ?? '';
    const body = await collected(asked);
    if (/^\/feed\/v1\/(stream|records)/.test(path)) return this.#stream(asked, reply);
    const kind = kindOf(path);
    const others = this.#answers.get(kind) ?? [];
    const reports = kind === 'report' ? reportsIn(body) : [];
    const aboutTasks = kind === 'report' ? this.#planned([...GRANT_LIES, ...RELAY_LIES]) : undefined;
    if (aboutTasks !== undefined && isRelayLie(aboutTasks)) {
      const told = await this.#relay(aboutTasks, reports, () => this.#ask(asked, body));
      if (told !== undefined) return send(reply, path, told);
    }
    const aboutReport = kind === 'report' ? this.#lie(REPORT_LIES) : undefined;
    const answer = aboutReport?.startsWith('report') ? NOTHING : await this.#ask(asked, body);
    if (kind === 'report' && answer.status === 200 && aboutReport === undefined) {
      const grants = grantsIn(answer);
      const told =
        aboutTasks === undefined || isRelayLie(aboutTasks)
          ? undefined
          : lieAboutGrants(aboutTasks, grants, this.#past, this.#dice);
      this.#past.note(reports, grants);
      if (told !== undefined) {
        this.told++;
        return send(reply, path, granting(told));
      }
    }
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

const isRelayLie = (lie: Lie): lie is RelayLie => RELAY_LIES.some((one) => one === lie);

const granting = (grants: readonly SignedGrant[]): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ grants })),
});

const grantsIn = ({ status, body }: Answer): readonly SignedGrant[] =>
  status === 200 ? (JSON.parse(body.toString('utf8')) as ReportAnswer).grants : [];

const reportsIn = (body: Buffer) =>
  (JSON.parse(body.toString('utf8')) as { reports: SignedReport[] }).reports;

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
