import { Readable } from 'node:stream';
import { JobQueue } from '../../../shared/concurrency/job-queue.ts';
import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import { RESUMED_FROM_BYTES } from '../../../shared/wire/deploy-api.ts';
import type { ApiClient } from '../api-client.ts';
import type { HashedFile } from './hash-files.ts';
import { readHashed, streamHashed } from './read-hashed.ts';
import { sendLarge } from './send-large.ts';
import { type Parcel, SendPlan } from './send-plan.ts';

/** The second bundle is read and packed while the origin stores the first. */
const BUNDLES_AT_ONCE = 2;
const SINGLE_AT_ONCE = 4;

/** Sends files to a site while they become known, each content once. After the first failure, it sends nothing more. */
export class FileSender {
  readonly #client: ApiClient;
  readonly #site: string;
  readonly #progress: (sentBytes: number) => void;
  readonly #failed = new AbortController();
  readonly #stop: AbortSignal;
  readonly #plan = new SendPlan();
  readonly #bundles = new JobQueue(BUNDLES_AT_ONCE);
  readonly #single = new JobQueue(SINGLE_AT_ONCE);
  #isStopped = false;
  #sentFiles = 0;
  #sentBytes = 0;

  /** `progress` is called with the bytes of all files that have gone out. */
  constructor(client: ApiClient, site: string, progress: (sentBytes: number) => void, signal: AbortSignal) {
    this.#client = client;
    this.#site = site;
    this.#progress = progress;
    this.#stop = AbortSignal.any([signal, this.#failed.signal]);
  }

  get bytesToSend(): number {
    return this.#plan.bytes;
  }

  get sent(): { readonly files: number; readonly bytes: number } {
    return { files: this.#sentFiles, bytes: this.#sentBytes };
  }

  add(files: Iterable<HashedFile>): void {
    for (const parcel of this.#plan.add(files)) this.#enqueue(parcel);
  }

  /** Resolves when the origin has all that was added. Throws the first failure, when no request runs any more. */
  async end(): Promise<void> {
    await this.hasSentAll();
    this.#stop.throwIfAborted();
  }

  /** Whether the origin has all that was added. Resolves when no request runs any more. */
  async hasSentAll(): Promise<boolean> {
    for (const parcel of this.#plan.end()) this.#enqueue(parcel);
    await this.#settled();
    return !this.#isStopped && !this.#stop.aborted;
  }

  /** Begins no further request. Resolves when those that have begun have ended, whether they failed or not. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#bundles.clear();
    this.#single.clear();
    await this.#settled();
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([this.#bundles.ended(), this.#single.ended()]);
  }

  #enqueue(parcel: Parcel): void {
    const [first, second] = parcel;
    if (first === undefined) return;
    // A request for a single object names its digest.
    if (second === undefined) this.#single.add(() => this.#send(parcel, () => this.#sendSingle(first)));
    else this.#bundles.add(() => this.#send(parcel, () => this.#sendBundle(parcel)));
  }

  async #send(parcel: Parcel, request: () => Promise<void>): Promise<void> {
    try {
      this.#stop.throwIfAborted();
      await request();
      this.#sentFiles += parcel.length;
    } catch (error) {
      this.#failed.abort(error);
      throw error;
    }
  }

  async #sendBundle(parcel: Parcel): Promise<void> {
    await this.#client.putObjects(this.#site, this.#contents(parcel));
  }

  async *#contents(parcel: Parcel): AsyncGenerator<Buffer> {
    for (const file of parcel) {
      this.#stop.throwIfAborted();
      yield readHashed(file);
      this.#note(file.size);
    }
  }

  async #sendSingle(file: HashedFile): Promise<void> {
    if (file.size > RESUMED_FROM_BYTES) await sendLarge(this.#client, this.#site, file, this.#stop);
    else await this.#client.putObject(this.#site, file.digest, bodyOf(file), file.size);
    this.#note(file.size);
  }

  #note(bytes: number): void {
    this.#sentBytes += bytes;
    this.#progress(this.#sentBytes);
  }
}

function bodyOf(file: HashedFile): Buffer | Readable {
  return file.size > SMALL_OBJECT
    ? Readable.from(streamHashed(file), { objectMode: false })
    : readHashed(file);
}
