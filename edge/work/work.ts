import { SkerryError } from '../../shared/errors.ts';
import { type Schema, schema } from '../../shared/json/schema.ts';
import type { Executor, TellProgress } from './executor/executor.ts';

/** What can be asked of an edge, and with which arguments. */
type WorkKind = Pick<Executor, 'kind' | 'arguments' | 'mostArgumentBytes' | 'result'>;

/** The door through which an edge is asked for work, whoever asks. */
export interface WorkDoor {
  readonly onDemand: readonly WorkKind[];
  /**
   * Runs the work and resolves with its result, plain JSON as the kind describes it. Throws `bad-request` for a kind
   * that is not on demand and for arguments that do not match. It may be asked again at any time: what is done is not
   * done twice.
   */
  ask(kind: string, args: unknown, signal: AbortSignal, progress?: TellProgress): Promise<unknown>;
}

interface Entry {
  readonly executor: Executor;
  readonly args: Schema<unknown>;
}

/** All kinds of work of an edge. Everything that runs stops when the edge does. */
export class Work implements WorkDoor {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #stopping: AbortSignal;

  constructor(executors: readonly Executor[], stopping: AbortSignal) {
    this.#entries = new Map(
      executors.map((executor) => [executor.kind, { executor, args: schema(executor.arguments) }]),
    );
    this.#stopping = stopping;
  }

  get onDemand(): readonly WorkKind[] {
    return [...this.#entries.values()].map(({ executor }) => executor).filter(({ isOnDemand }) => isOnDemand);
  }

  async ask(kind: string, args: unknown, signal: AbortSignal, progress?: TellProgress): Promise<unknown> {
    const entry = this.#entries.get(kind);
    if (entry === undefined || !entry.executor.isOnDemand)
      throw new SkerryError('bad-request', `an edge cannot be asked for ${kind}`);
    return this.#run(entry, args, signal, progress);
  }

  /** For the loops of the edge itself, which begin any kind. */
  async begin(kind: string, args: unknown = {}): Promise<unknown> {
    const entry = this.#entries.get(kind);
    if (entry === undefined) throw new Error(`there is no kind of work ${kind}`);
    return this.#run(entry, args, this.#stopping);
  }

  #run(
    { executor, args: checked }: Entry,
    args: unknown,
    signal: AbortSignal,
    progress: TellProgress = () => {},
  ): Promise<unknown> {
    const either = AbortSignal.any([this.#stopping, signal]);
    return executor.run(checked.parse(args), either, progress);
  }
}
