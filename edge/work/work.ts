import type { Logger } from 'pino';
import { SkerryError } from '../../shared/errors.ts';
import { type Schema, schema } from '../../shared/json/schema.ts';
import type { WorkKind } from '../../shared/work/work-kind.ts';
import type { AskedBy, Executor, Run, TellProgress } from './executor/executor.ts';

/** Who asks for work, until when, and who is told how it goes. */
export interface Asking {
  readonly by: Exclude<AskedBy, { kind: 'edge' }>;
  readonly signal: AbortSignal;
  readonly progress?: TellProgress;
}

/** The door through which an edge is asked for work, whoever asks. */
export interface WorkDoor {
  readonly onDemand: readonly WorkKind[];
  /**
   * Runs the work and resolves with its result, plain JSON as the kind describes it. Throws `bad-request` for a kind
   * that is not on demand and for arguments that do not match. It may be asked again at any time: what is done is not
   * done twice.
   */
  ask(kind: string, args: unknown, asking: Asking): Promise<unknown>;
}

interface Entry {
  readonly executor: Executor;
  readonly args: Schema<unknown>;
}

/** All kinds of work of an edge. Everything that runs stops when the edge does. */
export class Work implements WorkDoor {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #stopping: AbortSignal;
  readonly #log: Logger;

  constructor(executors: readonly Executor[], stopping: AbortSignal, log: Logger) {
    this.#entries = new Map(
      executors.map((executor) => [executor.kind, { executor, args: schema(executor.arguments) }]),
    );
    this.#stopping = stopping;
    this.#log = log;
  }

  get onDemand(): readonly WorkKind[] {
    return [...this.#entries.values()].map(({ executor }) => executor).filter(({ isOnDemand }) => isOnDemand);
  }

  async ask(kind: string, args: unknown, { by, signal, progress = () => {} }: Asking): Promise<unknown> {
    const entry = this.#entries.get(kind);
    if (entry === undefined || !entry.executor.isOnDemand)
      throw new SkerryError('bad-request', `an edge cannot be asked to do work of the kind ${kind}`);
    const either = AbortSignal.any([this.#stopping, signal]);
    return this.#run(entry, args, { by, signal: either, progress });
  }

  /** For the loops of the edge itself, which begin any kind. */
  async begin(kind: string, args: unknown = {}): Promise<unknown> {
    const entry = this.#entries.get(kind);
    if (entry === undefined) throw new Error(`there is no kind of work ${kind}`);
    return this.#run(entry, args, { by: { kind: 'edge' }, signal: this.#stopping, progress: () => {} });
  }

  #run({ executor, args: checked }: Entry, args: unknown, run: Run): Promise<unknown> {
    const parsed = checked.parse(args);
    const { kind } = executor;
    if (run.by.kind !== 'edge') this.#log.info({ kind, by: run.by }, 'work was requested');
    return executor.run(parsed, run);
  }
}
