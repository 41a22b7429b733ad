import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { type Static, type TSchema, Type } from 'typebox';
import { Agent, type Dispatcher } from 'undici';
import type { Digest } from '../../shared/content/digest.ts';
import { refuseClearText } from '../../shared/http/clear-text.ts';
import { ANSWER_BOUNDS } from '../../shared/json/bounded-json.ts';
import { lines } from '../../shared/json/lines.ts';
import { type Schema, schema } from '../../shared/json/schema.ts';
import { answerText } from '../../shared/json/whole-body.ts';
import { trustingConnector } from '../../shared/tls/connector.ts';
import {
  type Commit,
  commitSchema,
  type DiffLine,
  diffLineSchema,
  type EdgeStatus,
  edgeStatusSchema,
  type LabelsRequest,
  type LogPage,
  logPageSchema,
  type ManifestLine,
  manifestLineSchema,
  type PrunePlan,
  type PruneRequest,
  type Purge,
  type PurgeRequest,
  prunePlanSchema,
  purgeSchema,
  type Revision,
  type RevisionWithReceipts,
  type RollbackRequest,
  revisionSchema,
  revisionWithReceiptsSchema,
  type Site,
  type SiteSettings,
  type Status,
  siteSchema,
  statusSchema,
} from '../../shared/wire/api.ts';
import { parseApiToken } from '../../shared/wire/api-token.ts';
import { BUNDLE_TYPE } from '../../shared/wire/bundle.ts';
import { type CommitRequest, type Deploy, deploySchema } from '../../shared/wire/deploy-api.ts';
import { bundlePieces, type Uploaded, uploadedSchema } from '../../shared/wire/object-bundle.ts';
import { INTEROP_FIELD, INTEROP_VERSION, PARTIAL_UPLOAD_TYPE } from '../../shared/wire/resumable-upload.ts';
import {
  type NewToken,
  newTokenSchema,
  type Token,
  type TokenRequest,
  tokenSchema,
} from '../../shared/wire/token-api.ts';
import { checkedOrigin } from './origin-url.ts';
import { type ReceiptSubject, receiptFilePath } from './receipt-subject.ts';
import { refusal, unreachable } from './refusal.ts';
import { TasksClient } from './tasks-client.ts';

const CONNECT_MS = 5000;
/** While a request is running, the client checks the origin's health at this interval. */
const PULSE_MS = 5000;
const MAX_LINE = 64 * 1024;
const MOST_REVISIONS = 1000;
/** In bench:first-publish, where all share two cores, level 3 took 8.2 s until an edge showed the site, and this 7.8 s. */
const BUNDLE_LEVEL = 1;

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD' | 'PATCH';

interface Request {
  readonly body?: string | Buffer | Readable;
  readonly headers?: Record<string, string>;
  /** Replaces the client's own signal. */
  readonly signal?: AbortSignal;
}

const answers = {
  status: schema(statusSchema),
  sites: schema(Type.Object({ sites: Type.Array(siteSchema) })),
  site: schema(siteSchema),
  deploy: schema(deploySchema),
  commit: schema(commitSchema),
  revisions: schema(Type.Object({ revisions: Type.Array(revisionSchema) })),
  revision: schema(revisionWithReceiptsSchema),
  purge: schema(purgeSchema),
  edge: schema(edgeStatusSchema),
  edges: schema(Type.Object({ edges: Type.Array(edgeStatusSchema) })),
  log: schema(logPageSchema),
  prunePlan: schema(prunePlanSchema),
  newToken: schema(newTokenSchema),
  tokens: schema(Type.Object({ tokens: Type.Array(tokenSchema) })),
  uploaded: schema(uploadedSchema),
};

/**
 * A client of the origin's API. Long requests may take as long as they need, but when the origin is lost, a call fails
 * within 15 seconds with `origin-unreachable`. A refusal is thrown as the error that the origin names.
 */
export class ApiClient {
  readonly tasks = new TasksClient((method, path, answer, body) =>
    this.#read(method, path, answer, body === undefined ? {} : json(body)),
  );
  readonly #origin: string;
  readonly #token: string | undefined;
  readonly #signal: AbortSignal;
  readonly #agent: Agent;

  /**
   * Throws `clear-text` when a token would be sent where others could read it, unless `insecure` allows that. Over TLS,
   * the origin must show a certificate from the CA that the token names, or from a CA in `ca`, which is PEM.
   */
  constructor(
    origin: string,
    token: string | undefined,
    signal: AbortSignal,
    { insecure = false, ca }: { readonly insecure?: boolean; readonly ca?: string | undefined } = {},
  ) {
    this.#origin = checkedOrigin(origin);
    if (token !== undefined && !insecure) refuseClearText(this.#origin, 'the token');
    this.#token = token;
    this.#signal = signal;
    const recovery = token === undefined ? undefined : parseApiToken(token)?.fingerprint;
    this.#agent = new Agent({
      connect: trustingConnector({ trust: { ca, recovery }, timeout: CONNECT_MS, now: Date.now }),
      headersTimeout: 0,
      bodyTimeout: 0,
      connections: 64,
    });
  }

  status(): Promise<Status> {
    return this.#read('GET', '/v1/status', answers.status);
  }

  async sites(): Promise<Site[]> {
    return (await this.#read('GET', '/v1/sites', answers.sites)).sites;
  }

  site(name: string): Promise<Site> {
    return this.#read('GET', `/v1/sites/${name}`, answers.site);
  }

  /** Creates the site, or changes the given settings. */
  putSite(name: string, settings: SiteSettings = {}): Promise<Site> {
    return this.#read('PUT', `/v1/sites/${name}`, answers.site, json(settings));
  }

  /**
   * `unpublished` deletes the site only if nothing was published yet and it has no domain. `signal` replaces the
   * client's own, for calls that must be made after that one has aborted.
   */
  async deleteSite(
    name: string,
    { unpublished = false, signal = this.#signal }: { unpublished?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#text('DELETE', `/v1/sites/${name}${unpublished ? '?unpublished=true' : ''}`, { signal });
  }

  /** Makes the pending revision live without waiting for its window. */
  openWindow(site: string): Promise<Commit> {
    return this.#read('POST', `/v1/sites/${site}/windows`, answers.commit);
  }

  /** `lines` are DeployLine objects as NDJSON. A header may come first. */
  createDeploy(site: string, lines: Readable): Promise<Deploy> {
    const headers = { 'content-type': 'application/x-ndjson' };
    return this.#read('POST', `/v1/sites/${site}/deploys`, answers.deploy, { body: lines, headers });
  }

  async putObject(site: string, digest: Digest, body: Buffer | Readable, size: number): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
    await this.#text('PUT', `/v1/sites/${site}/objects/${digest}`, { body, headers });
  }

  /** How much of an object has come. Ends a request that is sending it with the same token. */
  async uploadProgress(site: string, digest: Digest): Promise<{ offset: number; isComplete: boolean }> {
    const headers = await this.#headers('HEAD', `/v1/sites/${site}/objects/${digest}`);
    return { offset: Number(headers['upload-offset'] ?? 0), isComplete: headers['upload-complete'] === '?1' };
  }

  /** Sends the rest of an object, from the offset that it has reached. */
  async appendObject(
    site: string,
    digest: Digest,
    body: Readable,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Promise<void> {
    const headers = {
      'content-type': PARTIAL_UPLOAD_TYPE,
      [INTEROP_FIELD]: INTEROP_VERSION,
      'content-length': String(length),
      'upload-offset': String(offset),
      'upload-complete': '?1',
    };
    await this.#text('PATCH', `/v1/sites/${site}/objects/${digest}`, { body, headers });
  }

  /**
   * Sends small objects as one compressed bundle, and reads them from the source as fast as they are sent. A
   * SkerryError that the source throws ends the request and is rethrown.
   */
  async putObjects(site: string, objects: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    const body = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: BUNDLE_LEVEL } });
    // If the source fails, the body of the request fails.
    pipeline(Readable.from(bundlePieces(objects), { objectMode: false }), body).catch(() => {});
    const headers = { 'content-type': BUNDLE_TYPE, 'content-encoding': 'zstd' };
    return this.#read('POST', `/v1/sites/${site}/objects`, answers.uploaded, { body, headers });
  }

  commit(deploy: string, request: CommitRequest): Promise<Commit> {
    return this.#read('POST', `/v1/deploys/${deploy}/commit`, answers.commit, json(request));
  }

  rollback(site: string, request: RollbackRequest): Promise<Commit> {
    return this.#read('POST', `/v1/sites/${site}/rollback`, answers.commit, json(request));
  }

  purge(site: string, request: PurgeRequest): Promise<Purge> {
    return this.#read('POST', `/v1/sites/${site}/purge`, answers.purge, json(request));
  }

  /** The purge that this record describes. */
  purgeAt(site: string, seq: number): Promise<Purge> {
    return this.#read('GET', `/v1/sites/${site}/purges/${seq}`, answers.purge);
  }

  /** The revisions, newest first. The origin returns fewer at a time when their messages are long. */
  async revisions(site: string): Promise<Revision[]> {
    const all: Revision[] = [];
    for (let before = ''; all.length < MOST_REVISIONS; before = `&before=${all.at(-1)?.revision}`) {
      const path = `/v1/sites/${site}/revisions?limit=${MOST_REVISIONS - all.length}${before}`;
      const { revisions } = await this.#read('GET', path, answers.revisions);
      all.push(...revisions);
      if (revisions.length === 0 || revisions.at(-1)?.revision === 1) break;
    }
    return all;
  }

  revision(site: string, revision: number): Promise<RevisionWithReceipts> {
    return this.#read('GET', `/v1/sites/${site}/revisions/${revision}`, answers.revision);
  }

  /** The text of a file of receipts: see `readReceiptFile`. */
  receiptFile(site: string, of: ReceiptSubject): Promise<string> {
    return this.#text('GET', receiptFilePath(site, of));
  }

  manifest(site: string, revision: number, query = ''): AsyncGenerator<ManifestLine> {
    return this.#lines(`/v1/sites/${site}/revisions/${revision}/manifest${query}`, manifestLineSchema);
  }

  diff(site: string, from: number, to: number): AsyncGenerator<DiffLine> {
    return this.#lines(`/v1/sites/${site}/diff?from=${from}&to=${to}`, diffLineSchema);
  }

  async edges(): Promise<EdgeStatus[]> {
    return (await this.#read('GET', '/v1/edges', answers.edges)).edges;
  }

  changeEdge(name: string, change: 'pause' | 'resume' | 'drain' | 'undrain' | 'revoke'): Promise<EdgeStatus> {
    return this.#read('POST', `/v1/edges/${name}/${change}`, answers.edge);
  }

  /** A join token with which a new host takes the name and the place of an edge. */
  replaceEdge(name: string): Promise<NewToken> {
    return this.#read('POST', `/v1/edges/${name}/replace`, answers.newToken);
  }

  labelEdge(name: string, change: LabelsRequest): Promise<EdgeStatus> {
    return this.#read('POST', `/v1/edges/${name}/labels`, answers.edge, json(change));
  }

  /** Limits what an edge may read to these sites. Null allows every site. */
  limitEdge(name: string, sites: string[] | null): Promise<EdgeStatus> {
    return this.#read('PUT', `/v1/edges/${name}/may-read`, answers.edge, json({ sites }));
  }

  log(from: number | undefined, limit: number): Promise<LogPage> {
    const start = from === undefined ? '' : `&from=${from}`;
    return this.#read('GET', `/v1/log?limit=${limit}${start}`, answers.log);
  }

  prune(request: PruneRequest): Promise<PrunePlan> {
    return this.#read('POST', '/v1/prune', answers.prunePlan, json(request));
  }

  async pin(site: string, revision: number, pinned: boolean): Promise<void> {
    await this.#text(pinned ? 'PUT' : 'DELETE', `/v1/sites/${site}/revisions/${revision}/pin`);
  }

  createToken(request: TokenRequest): Promise<NewToken> {
    return this.#read('POST', '/v1/tokens', answers.newToken, json(request));
  }

  async tokens(): Promise<Token[]> {
    return (await this.#read('GET', '/v1/tokens', answers.tokens)).tokens;
  }

  async revokeToken(id: string): Promise<void> {
    await this.#text('DELETE', `/v1/tokens/${encodeURIComponent(id)}`);
  }

  /** Makes a call for one of the other files in this folder, such as webhook-calls.ts. */
  ask<T>(method: Method, path: string, answer: Schema<T>, body?: unknown): Promise<T> {
    return this.#read(method, path, answer, body === undefined ? undefined : json(body));
  }

  async delete(path: string): Promise<void> {
    await this.#text('DELETE', path);
  }

  /**
   * Begins a stream. Throws if the origin is lost before the stream begins. After that, the caller must detect an
   * origin that sends nothing.
   */
  async stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Readable> {
    return this.#watched(
      signal,
      async (until) => (await this.#send('GET', path, { headers, signal }, until)).body,
    );
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #read<T>(method: Method, path: string, answer: Schema<T>, request?: Request): Promise<T> {
    return answer.parseText(await this.#text(method, path, request), 'upstream-protocol', ANSWER_BOUNDS);
  }

  async #text(method: Method, path: string, request: Request = {}): Promise<string> {
    return this.#watched(request.signal ?? this.#signal, async (signal) => {
      const { body } = await this.#send(method, path, request, signal);
      return answerText(body, ANSWER_BOUNDS.length);
    });
  }

  async #headers(method: Method, path: string): Promise<Dispatcher.ResponseData['headers']> {
    return this.#watched(this.#signal, async (signal) => {
      const { body, headers } = await this.#send(method, path, {}, signal);
      await body.dump();
      return headers;
    });
  }

  async *#lines<T extends TSchema>(path: string, line: T): AsyncGenerator<Static<T>> {
    const parse = schema(line);
    const { body } = await this.#send('GET', path, {}, this.#signal);
    for await (const text of lines(body, MAX_LINE)) yield parse.parseText(text, 'upstream-protocol');
  }

  async #send(
    method: Method,
    path: string,
    request: Request,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const headers = { ...request.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) };
    let answer: Dispatcher.ResponseData;
    try {
      answer = await this.#agent.request({
        origin: this.#origin,
        path,
        method,
        headers,
        signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
    } catch (cause) {
      (request.signal ?? this.#signal).throwIfAborted();
      throw unreachable(this.#origin, cause);
    }
    if (answer.statusCode >= 300) throw await refusal(this.#origin, answer);
    return answer;
  }

  /** Gives up when the origin stops answering health checks during the request. */
  async #watched<T>(stop: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const pulse = setInterval(() => {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(PULSE_MS)]);
      this.#agent
        .request({ origin: this.#origin, path: '/healthz', method: 'GET', signal })
        .then(({ body }) => body.dump())
        .catch((error: unknown) => lost.abort(unreachable(this.#origin, error)));
    }, PULSE_MS);
    try {
      return await work(AbortSignal.any([stop, lost.signal]));
    } catch (error) {
      if (lost.signal.aborted) throw lost.signal.reason;
      throw error;
    } finally {
      clearInterval(pulse);
    }
  }
}

function json(body: unknown): Request {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
