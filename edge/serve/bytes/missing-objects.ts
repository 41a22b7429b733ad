import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { SkerryError, toSkerryError } from '../../../shared/errors.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { FoundMissing, MissingMessage, NeedMessage } from '../../messages/read-through.ts';
import { openComing } from '../../read-through/coming-file.ts';
import { Incoming } from '../../read-through/incoming.ts';
import type { Refused, WaitingReader } from './body.ts';
import type { FilePieces } from './file-pieces.ts';

/** For the first bytes. */
const WAIT_MS = 15_000;

interface WantedBytes {
  readonly digest: Digest;
  /** Of the object. */
  readonly size: number;
  readonly range: ByteSpan | undefined;
}

/** What came of fetching an object. */
export type Fetched =
  /** It is in the store now. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /** Its first bytes are there; the rest follows as it comes. */
  | { readonly kind: 'coming'; readonly found: FoundMissing; readonly stream: Readable }
  | Refused;

type Need = Extract<NeedMessage, { t: 'need' }>;

/** What the replicating process answered. */
type Granted = Exclude<Fetched, { kind: 'coming' }> | Coming;

interface Coming {
  readonly kind: 'coming';
  readonly found: FoundMissing;
  readonly fill: string;
  readonly object: ComingObject;
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

  /** Resolves when it can be sent; is refused after 15 seconds at the latest, and when the reader is gone. */
  async fetch(wanted: WantedBytes, reader: WaitingReader): Promise<Fetched> {
    using patience = patienceOf(reader);
    const id = ++this.#lastId;
    const { digest, range } = wanted;
    const granted = await this.#ask({ id, client: reader.client, digest, range: range ?? null }, patience);
    return granted.kind === 'coming' ? await this.#stream(id, granted, wanted, patience) : granted;
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
    if (message.t === 'refused') asked?.answer(refused(new SkerryError(message.code, message.message)));
    else if (message.t === 'stored') asked?.answer({ kind: 'stored', found: message.found });
    else if (asked === undefined) this.#tell({ t: 'done', id });
    else {
      const { fill, spans, found } = message;
      // At once: the next message may tell of more of it, or that it broke off.
      const object = this.#enter(fill, asked.digest, spans);
      asked.answer({ kind: 'coming', found, fill, object, since: object.incoming.breaks });
    }
  }

  /** The replicating process is gone: nothing more comes. */
  close(): void {
    const gone = new SkerryError('unavailable', 'this edge is ending');
    for (const { answer } of this.#asked.values()) answer(refused(gone));
    for (const [fill, { incoming }] of this.#coming) incoming.broke(fill, gone);
  }

  async #ask(need: Omit<Need, 't'>, { ended }: Patience): Promise<Granted> {
    const { id, digest } = need;
    const { promise: answered, resolve: answer } = Promise.withResolvers<Granted>();
    this.#asked.set(id, { digest, answer });
    this.#tell({ t: 'need', ...need });
    const granted = await Promise.race([answered, ended]);
    if (granted.kind !== 'refused') return granted;
    if (this.#asked.delete(id)) this.#tell({ t: 'done', id });
    // It may have been granted in the same moment.
    else answered.then((late) => late.kind === 'coming' && this.#leave(id, late.fill));
    return granted;
  }

  /** From the file that it comes into, as soon as its first piece is there. */
  async #stream(
    id: number,
    { fill, since, found, object: { incoming, file } }: Coming,
    { digest, size, range }: WantedBytes,
    { ended }: Patience,
  ): Promise<Fetched> {
    const closed = () => this.#leave(id, fill);
    const all = range ?? { start: 0, end: size };
    const ready = (span: ByteSpan) => incoming.whole(span, since);
    try {
      const refusal = await Promise.race([ready(this.#pieces.firstPiece(all)), ended]);
      if (refusal === undefined) {
        const { fd } = await file;
        const stream = this.#pieces.stream({ digest, size, fd, range: all, ready, closed });
        return { kind: 'coming', found, stream };
      }
      closed();
      return refusal;
    } catch (error) {
      closed();
      return refused(toSkerryError(error));
    }
  }

  #enter(fill: string, digest: Digest, spans: readonly ByteSpan[]): ComingObject {
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
}

interface Asked {
  readonly digest: Digest;
  answer(granted: Granted): void;
}

interface ComingObject {
  readonly incoming: Incoming;
  readonly file: Promise<FileHandle>;
  /** Requests that read it or are about to. */
  readers: number;
}

/** How long a reader waits. */
interface Patience extends Disposable {
  readonly ended: Promise<Refused>;
}

function patienceOf({ gone }: WaitingReader): Patience {
  const { promise: late, resolve } = Promise.withResolvers<Refused>();
  const refuse = (message: string) => refused(new SkerryError('unavailable', message));
  const timer = setTimeout(() => resolve(refuse(`nothing has come for ${WAIT_MS / 1000} seconds`)), WAIT_MS);
  const left = gone().then(() => refuse('the reader has left'));
  return { ended: Promise.race([left, late]), [Symbol.dispose]: () => clearTimeout(timer) };
}

function refused(error: SkerryError): Refused {
  return { kind: 'refused', error };
}
