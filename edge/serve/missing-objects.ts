import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';
import type { FoundMissing, FromServing, ToServing } from '../activate/messages.ts';
import { openComing } from '../lazy/coming-file.ts';
import { Incoming } from '../lazy/incoming.ts';
import type { Span } from '../lazy/spans.ts';
import type { FilePieces } from './file-pieces.ts';

/** For the first byte. */
const WAIT_MS = 15_000;

export type Brought =
  /** It is in the store now. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /** Its first bytes are there; the rest follows as it comes. */
  | { readonly kind: 'coming'; readonly found: FoundMissing; readonly stream: Readable };

export type AboutMissing = Extract<ToServing, { t: 'stored' | 'coming' | 'refused' | 'arrived' | 'broke' }>;

type Grant = Extract<AboutMissing, { t: 'stored' | 'coming' }>;

/** What a lazy edge does not hold, for a serving process: it asks the replicating one, and reads what that writes. */
export class MissingObjects {
  readonly #folder: string;
  readonly #pieces: FilePieces;
  readonly #tell: (message: FromServing) => void;
  readonly #asked = new Map<number, { grant(grant: Grant): void; refuse(error: SkerryError): void }>();
  readonly #coming = new Map<Digest, ComingObject>();
  #lastId = 0;

  /** `folder` is that of the object store. */
  constructor(folder: string, pieces: FilePieces, tell: (message: FromServing) => void) {
    this.#folder = folder;
    this.#pieces = pieces;
    this.#tell = tell;
  }

  /** Resolves when it can be sent. Throws what kept it from coming, after 15 seconds at the latest. */
  async fetch(digest: Digest, size: number, range: ByteRange | undefined): Promise<Brought> {
    using deadline = lateAfter(WAIT_MS);
    const id = ++this.#lastId;
    const grant = await this.#granted(id, digest, range, deadline.late);
    if (grant.t === 'stored') return { kind: 'stored', found: grant.found };
    const coming = this.#coming.get(digest);
    const released = () => this.#leave(id, digest);
    try {
      if (coming === undefined) throw new SkerryError('no-such-object', `the object ${digest} is gone`);
      const { incoming } = coming;
      const { fd } = await coming.file;
      const all = range ?? { start: 0, end: size - 1 };
      const since = incoming.breaks;
      await Promise.race([incoming.whole({ start: all.start, end: all.start + 1 }), deadline.late]);
      const ready = (span: Span) => incoming.whole(span, since);
      const stream = this.#pieces.stream({ digest, size, fd, range: all, ready, closed: released });
      return { kind: 'coming', found: grant.found, stream };
    } catch (error) {
      released();
      throw error;
    }
  }

  received(message: AboutMissing): void {
    switch (message.t) {
      case 'arrived':
        this.#coming.get(message.digest)?.incoming.arrived(message.digest, message.span);
        return;
      case 'broke': {
        const error = new SkerryError(message.code, message.message);
        this.#coming.get(message.digest)?.incoming.broke(message.digest, error);
        return;
      }
      case 'coming':
        // At once: the next message may tell of more of it.
        this.#enter(message.digest, message.spans);
    }
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.t === 'refused') asked?.refuse(new SkerryError(message.code, message.message));
    else if (asked !== undefined) asked.grant(message);
    else if (message.t === 'coming') this.#leave(message.id, message.digest);
  }

  /** The replicating process is gone: nothing more comes. */
  close(): void {
    const gone = new SkerryError('unavailable', 'this edge is ending');
    for (const { refuse } of this.#asked.values()) refuse(gone);
    for (const [digest, { incoming }] of this.#coming) incoming.broke(digest, gone);
  }

  #enter(digest: Digest, spans: readonly Span[]): void {
    const coming = this.#coming.get(digest) ?? {
      incoming: new Incoming(),
      file: openComing(this.#folder, digest),
      readers: 0,
    };
    // Whoever needs it meets the failure; it must not be one that nobody handles.
    coming.file.catch(() => {});
    coming.readers++;
    for (const span of spans) coming.incoming.arrived(digest, span);
    this.#coming.set(digest, coming);
  }

  #leave(id: number, digest: Digest): void {
    this.#tell({ t: 'done', id });
    const coming = this.#coming.get(digest);
    if (coming === undefined || --coming.readers > 0) return;
    this.#coming.delete(digest);
    coming.file.then((file) => file.close()).catch(() => {});
  }

  async #granted(
    id: number,
    digest: Digest,
    range: ByteRange | undefined,
    late: Promise<never>,
  ): Promise<Grant> {
    const { promise, resolve, reject } = Promise.withResolvers<Grant>();
    this.#asked.set(id, { grant: resolve, refuse: reject });
    this.#tell({ t: 'need', id, digest, range: range ?? null });
    try {
      return await Promise.race([promise, late]);
    } catch (error) {
      if (this.#asked.delete(id)) this.#tell({ t: 'done', id });
      throw error;
    }
  }
}

interface ComingObject {
  readonly incoming: Incoming;
  readonly file: Promise<FileHandle>;
  /** Requests that read it or are about to. */
  readers: number;
}

function lateAfter(ms: number): { readonly late: Promise<never> } & Disposable {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const error = () => new SkerryError('unavailable', `nothing has come for ${ms / 1000} seconds`);
  const timer = setTimeout(() => reject(error()), ms);
  return { late: promise, [Symbol.dispose]: () => clearTimeout(timer) };
}
