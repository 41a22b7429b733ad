import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { ByteRange } from '../../../shared/store/object-store.ts';
import type { FoundMissing, MissingMessage, NeedMessage } from '../../messages/read-through.ts';
import { openComing } from '../../read-through/coming-file.ts';
import { Incoming } from '../../read-through/incoming.ts';
import type { Span } from '../../read-through/spans.ts';
import type { WaitingReader } from './content.ts';
import type { FilePieces } from './file-pieces.ts';

/** For the first bytes. */
const WAIT_MS = 15_000;

interface WantedBytes {
  readonly digest: Digest;
  /** Of the object. */
  readonly size: number;
  readonly range: ByteRange | undefined;
}

export type Brought =
  /** It is in the store now. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /** Its first bytes are there; the rest follows as it comes. */
  | { readonly kind: 'coming'; readonly found: FoundMissing; readonly stream: Readable };

type Need = Extract<NeedMessage, { t: 'need' }>;

type Grant = Extract<MissingMessage, { t: 'stored' }> | Coming;

interface Coming {
  readonly t: 'coming';
  readonly found: FoundMissing;
  readonly fill: string;
  /** Breaks that were before it was granted. */
  readonly since: number;
}

/** What the edge does not hold, for a serving process: it asks the replicating one, and reads what that writes. */
export class MissingObjects {
  readonly #folder: string;
  readonly #pieces: FilePieces;
  readonly #tell: (message: NeedMessage) => void;
  readonly #asked = new Map<number, Asked>();
  /** By the name of the fill. */
  readonly #coming = new Map<string, ComingObject>();
  #lastId = 0;

  /** `folder` is that of the object store. */
  constructor(folder: string, pieces: FilePieces, tell: (message: NeedMessage) => void) {
    this.#folder = folder;
    this.#pieces = pieces;
    this.#tell = tell;
  }

  /**
   * Resolves when it can be sent. Throws what kept it from coming: after 15 seconds at the latest, and when the
   * reader is gone.
   */
  async fetch({ digest, size, range }: WantedBytes, { client, gone }: WaitingReader): Promise<Brought> {
    using deadline = lateAfter(WAIT_MS);
    const given = Promise.race([gone(), deadline.late]);
    given.catch(() => {});
    const id = ++this.#lastId;
    const grant = await this.#granted({ id, client, digest, range: range ?? null }, given);
    if (grant.t === 'stored') return { kind: 'stored', found: grant.found };
    const { fill, since, found } = grant;
    const closed = () => this.#leave(id, fill);
    try {
      const coming = this.#coming.get(fill);
      if (coming === undefined) throw new SkerryError('no-such-object', `the object ${digest} is gone`);
      const { incoming } = coming;
      const all = range ?? { start: 0, end: size - 1 };
      await Promise.race([incoming.whole(this.#pieces.firstPiece(all), since), given]);
      const { fd } = await coming.file;
      const ready = (span: Span) => incoming.whole(span, since);
      return {
        kind: 'coming',
        found,
        stream: this.#pieces.stream({ digest, size, fd, range: all, ready, closed }),
      };
    } catch (error) {
      closed();
      throw error;
    }
  }

  received(message: MissingMessage): void {
    switch (message.t) {
      case 'arrived':
        this.#coming.get(message.fill)?.incoming.arrived(message.fill, message.span);
        return;
      case 'broke': {
        const error = new SkerryError(message.code, message.message);
        this.#coming.get(message.fill)?.incoming.broke(message.fill, error);
        return;
      }
    }
    const { id } = message;
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (message.t === 'refused') asked?.refuse(new SkerryError(message.code, message.message));
    else if (message.t === 'stored') asked?.grant(message);
    else if (asked === undefined) this.#tell({ t: 'done', id });
    else {
      const { fill, spans, found } = message;
      // At once: the next message may tell of more of it, or that it broke off.
      const { incoming } = this.#enter(fill, asked.digest, spans);
      asked.grant({ t: 'coming', found, fill, since: incoming.breaks });
    }
  }

  /** The replicating process is gone: nothing more comes. */
  close(): void {
    const gone = new SkerryError('unavailable', 'this edge is ending');
    for (const { refuse } of this.#asked.values()) refuse(gone);
    for (const [fill, { incoming }] of this.#coming) incoming.broke(fill, gone);
  }

  #enter(fill: string, digest: Digest, spans: readonly Span[]): ComingObject {
    const coming = this.#coming.get(fill) ?? {
      incoming: new Incoming(),
      file: openComing(this.#folder, fill, digest),
      readers: 0,
    };
    // Whoever needs it meets the failure; it must not be one that nobody handles.
    coming.file.catch(() => {});
    coming.readers++;
    for (const span of spans) coming.incoming.arrived(fill, span);
    this.#coming.set(fill, coming);
    return coming;
  }

  #leave(id: number, fill: string): void {
    this.#tell({ t: 'done', id });
    const coming = this.#coming.get(fill);
    if (coming === undefined || --coming.readers > 0) return;
    this.#coming.delete(fill);
    coming.file.then((file) => file.close()).catch(() => {});
  }

  async #granted(need: Omit<Need, 't'>, given: Promise<never>): Promise<Grant> {
    const { id, digest } = need;
    const { promise, resolve, reject } = Promise.withResolvers<Grant>();
    this.#asked.set(id, { digest, grant: resolve, refuse: reject });
    this.#tell({ t: 'need', ...need });
    try {
      return await Promise.race([promise, given]);
    } catch (error) {
      if (this.#asked.delete(id)) this.#tell({ t: 'done', id });
      // It was granted in the same moment.
      else promise.then((grant) => grant.t === 'coming' && this.#leave(id, grant.fill)).catch(() => {});
      throw error;
    }
  }
}

interface Asked {
  readonly digest: Digest;
  grant(grant: Grant): void;
  refuse(error: SkerryError): void;
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
