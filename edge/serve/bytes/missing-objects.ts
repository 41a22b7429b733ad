import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { SkerryError, toSkerryError } from '../../../shared/errors.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { FoundMissing, MissingMessage, NeedMessage } from '../../messages/read-through.ts';
import { Incoming } from '../../read-through/incoming.ts';
import { openPartial } from '../../read-through/partial-file.ts';
import type { Refused, WaitingReader } from './body.ts';
import type { FilePieces } from './file-pieces.ts';

/** How long a reader waits for the first bytes. */
const WAIT_MS = 15_000;

interface WantedBytes {
  readonly digest: Digest;
  /** The size of the whole object. */
  readonly size: number;
  readonly range: ByteSpan | undefined;
}

/** The outcome of a request for an object. */
export type Fetched =
  /** The store has the object now. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /** The first bytes are available. The stream delivers the others as they arrive. */
  | { readonly kind: 'coming'; readonly found: FoundMissing; readonly stream: Readable }
  | Refused;

type Need = Extract<NeedMessage, { t: 'need' }>;

/** The answer of the replicating process. */
type MissAnswer = Exclude<Fetched, { kind: 'coming' }> | Coming;

interface Coming {
  readonly kind: 'coming';
  readonly found: FoundMissing;
  readonly fileName: string;
  readonly object: ComingObject;
  /** How often the transfer had failed at the time of this answer. */
  readonly since: number;
}

/**
 * Fetches the objects that a serving process needs but the edge does not hold. It asks the replicating process for
 * them, and reads the files that the replicating process writes.
 */
export class MissingObjects {
  readonly #folder: string;
  readonly #pieces: FilePieces;
  readonly #tell: (message: NeedMessage) => void;
  readonly #asked = new Map<number, Asked>();
  /** The objects that are being fetched, by the names of their files. */
  readonly #coming = new Map<string, ComingObject>();
  #lastId = 0;

  /** `folder` is the folder of the object store. */
  constructor(folder: string, pieces: FilePieces, tell: (message: NeedMessage) => void) {
    this.#folder = folder;
    this.#pieces = pieces;
    this.#tell = tell;
  }

  /** Resolves when the first bytes can be sent. Resolves with a refusal after 15 seconds, or if the reader has left. */
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
        this.#coming.get(message.fileName)?.incoming.arrived(message.fileName, message.span);
        return;
      case 'broke': {
        const error = new SkerryError(message.code, message.message);
        this.#coming.get(message.fileName)?.incoming.broke(message.fileName, error);
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
      const { fileName, spans, found } = message;
      // This must happen before the next message arrives, because that may report more bytes or a failure of the
      // transfer.
      const object = this.#enter(fileName, asked.digest, spans);
      asked.answer({ kind: 'coming', found, fileName, object, since: object.incoming.breaks });
    }
  }

  /** Called when the replicating process has ended, so that no more bytes can arrive. */
  close(): void {
    const gone = new SkerryError('unavailable', 'this edge is about to end');
    for (const { answer } of this.#asked.values()) answer(refused(gone));
    for (const [fileName, { incoming }] of this.#coming) incoming.broke(fileName, gone);
  }

  async #ask(need: Omit<Need, 't'>, { ended }: Patience): Promise<MissAnswer> {
    const { id, digest } = need;
    const { promise: answered, resolve: answer } = Promise.withResolvers<MissAnswer>();
    this.#asked.set(id, { digest, answer });
    this.#tell({ t: 'need', ...need });
    const granted = await Promise.race([answered, ended]);
    if (granted.kind !== 'refused') return granted;
    if (this.#asked.delete(id)) this.#tell({ t: 'done', id });
    // The answer may have arrived just when the wait ended.
    else answered.then((late) => late.kind === 'coming' && this.#leave(id, late.fileName));
    return granted;
  }

  /** Streams the file of the partial object, as soon as the first piece has arrived. */
  async #stream(
    id: number,
    { fileName, since, found, object: { incoming, file } }: Coming,
    { digest, size, range }: WantedBytes,
    { ended }: Patience,
  ): Promise<Fetched> {
    const closed = () => this.#leave(id, fileName);
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

  #enter(fileName: string, digest: Digest, spans: readonly ByteSpan[]): ComingObject {
    const coming = this.#coming.get(fileName) ?? {
      incoming: new Incoming(),
      file: openPartial(this.#folder, fileName, digest),
      readers: 0,
    };
    // A reader who awaits the file gets the error. If no reader does, the error must not count as unhandled.
    coming.file.catch(() => {});
    coming.readers++;
    for (const span of spans) coming.incoming.arrived(fileName, span);
    this.#coming.set(fileName, coming);
    return coming;
  }

  #leave(id: number, fileName: string): void {
    this.#tell({ t: 'done', id });
    const coming = this.#coming.get(fileName);
    if (coming === undefined || --coming.readers > 0) return;
    this.#coming.delete(fileName);
    coming.file.then((file) => file.close()).catch(() => {});
  }
}

interface Asked {
  readonly digest: Digest;
  answer(granted: MissAnswer): void;
}

interface ComingObject {
  readonly incoming: Incoming;
  readonly file: Promise<FileHandle>;
  /** The number of requests that read the file or are about to. */
  readers: number;
}

/** The wait of one reader. It ends when the reader leaves or has waited too long. */
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
