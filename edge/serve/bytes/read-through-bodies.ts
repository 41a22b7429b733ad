import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { ObjectUse } from '../../disk-budget/object-use.ts';
import type { FoundMissing } from '../../messages/read-through.ts';
import type { Representation } from '../http/representation.ts';
import type { Body, Refused, WaitingReader } from './body.ts';
import type { Content } from './content.ts';
import type { Fetched, MissingObjects } from './missing-objects.ts';

/**
 * The maximum number of fetches for one response. If a fetched object is evicted before it is looked up, it is fetched
 * again.
 */
const MOST_FETCHES = 3;

/** The result of a search for the bytes of a response. */
export type FoundBytes =
  | Body
  | Refused
  /** The variant has just been evicted. The caller must use the plain bytes instead. */
  | { readonly kind: 'gone' };

/** Provides the bytes of responses. */
export interface Bodies {
  find(
    representation: Representation,
    range: ByteSpan | undefined,
    reader: WaitingReader,
  ): FoundBytes | Promise<FoundBytes>;
}

/**
 * Looks up the bytes of a response. Missing bytes are fetched while the reader waits. They are either sent as they
 * arrive or looked up again. On a lazy edge, this class also records which objects are used.
 */
export class ReadThroughBodies implements Bodies {
  readonly #content: Pick<Content, 'lookUp'>;
  readonly #missing: Pick<MissingObjects, 'fetch'>;
  readonly #use: ObjectUse | undefined;

  constructor(
    content: Pick<Content, 'lookUp'>,
    missing: Pick<MissingObjects, 'fetch'>,
    use: ObjectUse | undefined,
  ) {
    this.#content = content;
    this.#missing = missing;
    this.#use = use;
  }

  find(
    representation: Representation,
    range: ByteSpan | undefined,
    reader: WaitingReader,
  ): FoundBytes | Promise<FoundBytes> {
    this.#use?.note(representation.source);
    return this.#lookUp(representation, range) ?? this.#miss(representation, range, reader);
  }

  #lookUp(representation: Representation, range: ByteSpan | undefined): Body | undefined {
    const body = this.#content.lookUp(representation, range);
    return body && this.#inUse(representation, body);
  }

  async #miss(
    representation: Representation,
    range: ByteSpan | undefined,
    reader: WaitingReader,
  ): Promise<FoundBytes> {
    // Variants are made on this edge, so they cannot be fetched from an upstream.
    if (representation.coding !== undefined) return { kind: 'gone' };
    let missed: FoundMissing | undefined;
    for (let fetches = 0; fetches < MOST_FETCHES; fetches++) {
      const fetched = await this.#fetch(representation, range, reader);
      if (fetched.kind === 'refused') return fetched;
      if (fetched.kind === 'coming') return this.#stream(representation, fetched);
      missed ??= fetched.found;
      const body = this.#lookUp(representation, range);
      if (body !== undefined) return { ...body, cache: { kind: 'missed', found: missed } };
    }
    return refused(`there is no room for the object ${representation.digest}`);
  }

  async #fetch(
    { digest, size }: Representation,
    range: ByteSpan | undefined,
    reader: WaitingReader,
  ): Promise<Fetched> {
    const fetched = await this.#missing.fetch({ digest, size, range }, reader);
    if (fetched.kind !== 'refused' || hasCode(fetched.error, 'too-many-misses')) return fetched;
    return refused(`the object ${digest} could not be fetched`, fetched.error);
  }

  #stream(representation: Representation, { stream, found }: Extract<Fetched, { kind: 'coming' }>): Body {
    return this.#inUse(representation, { kind: 'stream', stream, cache: { kind: 'missed', found } });
  }

  #inUse({ source }: Representation, body: Body): Body {
    if (body.kind === 'stream') this.#use?.serve(source, body.stream);
    return body;
  }
}

function refused(message: string, cause?: SkerryError): Refused {
  return { kind: 'refused', error: new SkerryError('unavailable', message, { cause }) };
}
