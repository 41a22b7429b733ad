import {
  type BodyOf,
  bodiesOf,
  type KindOfStatement,
  kindsOfStatements,
  type Statement,
} from '../../shared/log/statements.ts';

/** Who keeps the statements of each kind; what is kept is durable when a call resolves. */
export type StatementKeepers = {
  readonly [K in KindOfStatement]: (bodies: readonly BodyOf<K>[]) => Promise<void>;
};

/**
 * Hands checked statements to those who keep them, kind by kind; all are durable when it resolves. Those of kinds that
 * this version does not know were passed over before: the grant names the kinds that are kept here, and the edge goes on
 * holding the others.
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
