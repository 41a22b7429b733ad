import {
  type BodyOf,
  bodiesOf,
  type KindOfStatement,
  kindsOfStatements,
  type Statement,
} from '../../shared/log/statements.ts';

/** The keeper of each kind of statement. The statements are durable when a call resolves. */
export type StatementKeepers = {
  readonly [K in KindOfStatement]: (bodies: readonly BodyOf<K>[]) => Promise<void>;
};

/**
 * Passes checked statements to their keepers, kind by kind. All statements are durable when it resolves. Statements of
 * kinds that this version does not know have already been left out. The grant names the kinds that the origin keeps;
 * the edge itself keeps the other statements.
 */
export async function keepStatements(keepers: StatementKeepers, all: readonly Statement[]): Promise<void> {
  for (const kind of kindsOfStatements) await keepOfKind(keepers, kind, all);
}

async function keepOfKind<K extends KindOfStatement>(
  keepers: StatementKeepers,
  kind: K,
  all: readonly Statement[],
): Promise<void> {
  const bodies = bodiesOf(kind, all);
  if (bodies.length > 0) await keepers[kind](bodies);
}
