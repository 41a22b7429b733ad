import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { DeployCalls, RequestKey } from '../catalog/deploy-calls.ts';

/** A request that its client may repeat, when it has sent an Idempotency-Key. */
export interface RepeatableRequest {
  /** The id of the caller's token. */
  readonly token: string;
  readonly key: string;
  /** What is asked for besides the body: the method and the address. */
  readonly asked: string;
}

type KeyedCatalog = Pick<Remote<DeployCalls>, 'keyedDeploy' | 'keyDeploy' | 'dropDeploy'>;

/**
 * Remembers which deploy a request with an Idempotency-Key has opened (draft-ietf-httpapi-idempotency-key-header-07).
 * The deploy holds the response to its commit, which is stored in one transaction with the revision. So a repeated
 * request gets the response of the first one, even if the origin was killed right after the commit. A request that
 * failed is not remembered.
 */
export class RequestKeys {
  readonly #catalog: KeyedCatalog;
  readonly #clock: Clock;
  readonly #running = new Set<string>();

  constructor(catalog: KeyedCatalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /**
   * The id of the deploy that `create` opens from the body, or that an earlier request with the same key has opened.
   * Throws `key-in-use` while that request runs, and `key-reused` when it asked for something else.
   */
  async deployOf(
    request: RepeatableRequest | undefined,
    body: AsyncIterable<Uint8Array>,
    create: (body: AsyncIterable<Uint8Array>) => Promise<string>,
  ): Promise<string> {
    if (request === undefined) return create(body);
    const { token, key } = request;
    const running = `${token} ${key}`;
    if (this.#running.has(running))
      throw new SkerryError('key-in-use', 'a request with this Idempotency-Key is running');
    this.#running.add(running);
    try {
      const known = await this.#catalog.keyedDeploy(token, key, this.#clock.now());
      const print = new Print(request.asked);
      if (known !== undefined) {
        for await (const _ of print.of(body));
        if (print.end() !== known.print)
          throw new SkerryError(
            'key-reused',
            'an earlier request with this Idempotency-Key asked for something else',
          );
        return known.id;
      }
      const id = await create(print.of(body));
      await this.#remember(id, { token, key, print: print.end() });
      return id;
    } finally {
      this.#running.delete(running);
    }
  }

  async #remember(id: string, request: RequestKey): Promise<void> {
    try {
      await this.#catalog.keyDeploy(id, request);
    } catch (error) {
      // The original error matters. A deploy that cannot be dropped expires later.
      await this.#catalog.dropDeploy(id).catch(() => {});
      throw error;
    }
  }
}

/** A digest of a request, made while its body passes. */
class Print {
  readonly #hash = createHash('sha256');

  constructor(asked: string) {
    this.#hash.update(`${asked}\n`);
  }

  /** The digest of a body that has passed. Called once. */
  end(): string {
    return this.#hash.digest('hex');
  }

  async *of(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#hash.update(piece);
      yield piece;
    }
  }
}
