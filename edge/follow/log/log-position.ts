import { EventEmitter } from 'node:events';
import { SkerryError } from '../../../shared/errors.ts';
import type { ChainState } from '../../../shared/log/chain-state.ts';
import type { Head } from '../../../shared/log/head.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';

interface LogEvents {
  /** A head that the origin signed has arrived. */
  head: [];
  /** Records have been stored durably. If they arrived with a head, the `head` event is emitted first. */
  records: [];
  /** The list of edges between this one and the origin has changed. */
  path: [];
  /** The origin wants these edges to report now. Null means all edges. */
  call: [edges: readonly string[] | null];
  /** The upstream offers further objects of these sites ahead of their revision. */
  ahead: [sites: readonly number[]];
}

type MemberCalls = Pick<EdgeCatalog, 'chain' | 'members'>;

/**
 * The edge's position in the log, and what it knows about the log. Only the code that follows the log changes it. All
 * other code reads it. Each change emits its event in the same turn of the event loop.
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

  /** Loads the position that the last process stored. Throws `data-folder-foreign` if the edge has not joined a log. */
  static async open(catalog: MemberCalls): Promise<LogPosition> {
    const chain = await catalog.chain();
    if (chain === undefined) throw new SkerryError('data-folder-foreign', 'the data folder has no log');
    return new LogPosition(catalog, chain, await catalog.members());
  }

  /** The state of the chain after the records that this edge has verified and stored durably. */
  get chain(): ChainState {
    return this.#chain;
  }

  /** The newest head from the followed upstream. Undefined until this process has received a head. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** The names of the edges on the path from the upstream to the origin. Empty if the edge follows the origin. */
  get path(): readonly string[] {
    return this.#path;
  }

  /** The members as they were last read. */
  get members(): readonly Payload<'member'>[] {
    return this.#members;
  }

  /** Called when records have been stored, when a head has arrived, or both. */
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

  called(edges: readonly string[] | null): void {
    this.emit('call', edges);
  }

  offered(sites: readonly number[]): void {
    this.emit('ahead', sites);
  }

  /** Reads the current members from the catalog. */
  async readMembers(): Promise<void> {
    this.#members = await this.#catalog.members();
  }
}
