import { EventEmitter } from 'node:events';
import { SkerryError } from '../../../shared/errors.ts';
import type { ChainState } from '../../../shared/log/chain-state.ts';
import type { Head } from '../../../shared/log/head.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';

interface LogEvents {
  /** A head came that the origin signed. */
  head: [];
  /** Records were taken in, and are durable. Those of a head are told of after it. */
  records: [];
  /** The edges between this one and the origin have changed. */
  path: [];
}

type MemberCalls = Pick<EdgeCatalog, 'chain' | 'members'>;

/**
 * Where this edge stands in the log, and what it knows of it. Whoever follows the log moves it; everybody else reads,
 * and is told by events, in one step with the change.
 */
export class LogPosition extends EventEmitter<LogEvents> {
  readonly #catalog: MemberCalls;
  #chain: ChainState;
  #head: Head | undefined;
  #path: readonly string[] = [];
  #members: readonly Payload<'member'>[];

  private constructor(catalog: MemberCalls, chain: ChainState, members: readonly Payload<'member'>[]) {
    super();
    this.#catalog = catalog;
    this.#chain = chain;
    this.#members = members;
  }

  /** As it was left. Throws `data-folder-foreign` for an edge that has joined no log. */
  static async open(catalog: MemberCalls): Promise<LogPosition> {
    const chain = await catalog.chain();
    if (chain === undefined) throw new SkerryError('data-folder-foreign', 'the data folder has no log');
    return new LogPosition(catalog, chain, await catalog.members());
  }

  /** What is verified and durable here. */
  get chain(): ChainState {
    return this.#chain;
  }

  /** The newest head of the upstream that is followed; undefined before the first of this start. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** The edges from the upstream to the origin; none when the origin is followed. */
  get path(): readonly string[] {
    return this.#path;
  }

  /** As they were read last. */
  get members(): readonly Payload<'member'>[] {
    return this.#members;
  }

  /** Records have been taken in, or a head, or both. */
  moved(chain: ChainState, head: Head | undefined): void {
    const isNew = chain.seq !== this.#chain.seq;
    this.#chain = chain;
    if (head !== undefined) {
      this.#head = head;
      this.emit('head');
    }
    if (isNew) this.emit('records');
  }

  pathChanged(path: readonly string[]): void {
    this.#path = path;
    this.emit('path');
  }

  /** Reads from the catalog who the members are by now. */
  async readMembers(): Promise<void> {
    this.#members = await this.#catalog.members();
  }
}
