import type { Logger } from 'pino';
import { SkerryError } from '../../shared/errors.ts';
import { type Schema, schema } from '../../shared/json/schema.ts';
import type { Asker, WorkKind } from '../../shared/work/work-kind.ts';
import type { AskedBy, Executor, Run, TellProgress } from './executor/executor.ts';

/** A request for work: its caller, its time limit, and the listener for its progress. */
export interface Asking {
  readonly by: Exclude<AskedBy, { kind: 'edge' }>;
  readonly signal: AbortSignal;
  /** See `Run`. Undefined if the caller waits until all of the work is done. */
  readonly pause?: AbortSignal;
  readonly progress?: TellProgress;
}

/** The work that callers may request from an edge. */
export interface AskableWork {
  /** The kinds that this caller may request. */
  kindsFor(asker: Asker): readonly WorkKind[];
  /**
   * Runs the work and resolves with its result, which is plain JSON that matches the schema of the kind. Throws
   * `bad-request` for a kind that this caller may not request, and for arguments that do not match the schema. A
   * request may be repeated, because executors are idempotent.
   */
  ask(kind: string, args: unknown, asking: Asking): Promise<unknown>;
}

const NEVER = new AbortController().signal;

interface Entry {
  readonly executor: Executor;
  readonly args: Schema<unknown>;
}

/** All kinds of work of an edge. Every run stops when the edge stops. */
export class Work implements AskableWork {
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

  kindsFor(asker: Asker): readonly WorkKind[] {
    const kinds = [...this.#entries.values()].map(({ executor }) => executor);
    return kinds.filter(({ askers }) => askers.includes(asker));
  }

  async ask(kind: string, args: unknown, asking: Asking): Promise<unknown> {
    const { by, signal, pause = NEVER, progress = () => {} } = asking;
    const entry = this.#entries.get(kind);
    if (entry === undefined || !entry.executor.askers.includes(by.kind))
      throw new SkerryError('bad-request', `an edge cannot be asked to do work of the kind ${kind}`);
    const either = AbortSignal.any([this.#stopping, signal]);
    return this.#run(entry, args, { by, signal: either, pause, progress });
  }

  /** Runs any kind of work for the loops of the edge itself. */
  async begin(kind: string, args: unknown = {}): Promise<unknown> {
    const entry = this.#entries.get(kind);
    if (entry === undefined) throw new Error(`there is no kind of work ${kind}`);
    return this.#run(entry, args, {
      by: { kind: 'edge' },
      signal: this.#stopping,
      pause: NEVER,
      progress: () => {},
    });
  }

  #run({ executor, args: checked }: Entry, args: unknown, run: Run): Promise<unknown> {
    const parsed = checked.parse(args);
    const { kind } = executor;
    if (run.by.kind !== 'edge') this.#log.info({ kind, by: run.by }, 'work was requested');
    return executor.run(parsed, run);
  }
}
