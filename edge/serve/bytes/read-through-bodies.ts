import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { ByteRange } from '../../../shared/store/object-store.ts';
import type { ObjectUse } from '../../disk-budget/object-use.ts';
import type { FoundMissing } from '../../messages/read-through.ts';
import type { Representation } from '../http/representation.ts';
import type { Bodies, Body, Content, WaitingReader } from './content.ts';
import type { MissingObjects } from './missing-objects.ts';

/** What was fetched may have had to make room for others before it was read. */
const TRIES = 3;

/** What is not here is fetched while the reader waits; of a lazy edge it is noted what is used. */
export class ReadThroughBodies implements Bodies {
  readonly #content: Pick<Content, 'body'>;
  readonly #missing: Pick<MissingObjects, 'fetch'>;
  readonly #use: ObjectUse | undefined;

  constructor(
    content: Pick<Content, 'body'>,
    missing: Pick<MissingObjects, 'fetch'>,
    use: ObjectUse | undefined,
  ) {
    this.#content = content;
    this.#missing = missing;
    this.#use = use;
  }

  async body(
    representation: Representation,
    range: ByteRange | undefined,
    reader: WaitingReader,
  ): Promise<Body> {
    const { source } = representation;
    this.#use?.note(source);
    const body = await this.#here(representation, range, reader);
    if (body.kind === 'stream') this.#use?.serve(source, body.stream);
    return body;
  }

  async #here(
    representation: Representation,
    range: ByteRange | undefined,
    reader: WaitingReader,
  ): Promise<Body> {
    const { digest, size, coding } = representation;
    let found: FoundMissing | undefined;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        const body = this.#content.body(representation, range);
        return found === undefined ? body : { ...body, cache: { kind: 'missed', found } };
      } catch (error) {
        // Variants are made here: one that is gone is not to be had elsewhere.
        if (coding !== undefined || !hasCode(error, 'no-such-object')) throw error;
      }
      const brought = await this.#missing.fetch({ digest, size, range }, reader).catch((cause: unknown) => {
        if (hasCode(cause, 'too-many-misses')) throw cause;
        throw new SkerryError('unavailable', `the object ${digest} does not come`, { cause });
      });
      if (brought.kind === 'coming')
        return { kind: 'stream', stream: brought.stream, cache: { kind: 'missed', found: brought.found } };
      found ??= brought.found;
    }
    throw new SkerryError('unavailable', `there is no room for the object ${digest}`);
  }
}
