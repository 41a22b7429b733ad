import type { PublicKey, verifyText } from '../signing/keys.ts';
import { purgeReceiptKind } from './purge-receipt.ts';
import { receiptKind } from './receipt.ts';
import { isSignedBy, type SignedBody, type StatementKind, type Subject } from './statement-kind.ts';
import { taskResultKind } from './task-result.ts';

/**
 * All statements that edges sign for the origin to keep, by kind. A new kind needs a file like receipt.ts, an entry in
 * this list, a call in the edge's catalog that stores it, and code at the origin that stores it.
 */
const kinds = {
  receipt: receiptKind,
  'purge-receipt': purgeReceiptKind,
  'task-result': taskResultKind,
};

export type KindOfStatement = keyof typeof kinds;
export const kindsOfStatements = Object.keys(kinds) as readonly KindOfStatement[];
export type BodyOf<K extends KindOfStatement> =
  (typeof kinds)[K] extends StatementKind<infer Body> ? Body : never;
interface StatementOf<K extends KindOfStatement> {
  readonly kind: K;
  readonly body: BodyOf<K>;
}
export type Statement = { [K in KindOfStatement]: StatementOf<K> }[KindOfStatement];

/** A statement as it is sent. A reader ignores statements of unknown kinds. */
export interface AnyStatement {
  readonly kind: string;
  readonly body: object;
}

/** The statements of known kinds, in their order. Throws `bad-request` for a malformed one. */
export function knownStatements(all: readonly AnyStatement[]): Statement[] {
  return all.flatMap(({ kind, body }) => (isKnown(kind) ? [parsed(kind, body)] : []));
}

export function isSigned({ kind, body }: Statement, key: PublicKey, verify: typeof verifyText): boolean {
  // The body belongs to this kind. TypeScript cannot follow this through the union.
  return isSignedBy(kinds[kind] as StatementKind<SignedBody>, body, key, verify);
}

export function subjectOf({ kind, body }: Statement): Subject {
  return (kinds[kind] as StatementKind<SignedBody>).subject(body);
}

/** The bodies of one kind, in their order. */
export function bodiesOf<K extends KindOfStatement>(kind: K, all: readonly Statement[]): BodyOf<K>[] {
  // The body belongs to this kind. TypeScript cannot follow this, because the kind is a parameter.
  return all.filter((statement) => statement.kind === kind).map(({ body }) => body as unknown as BodyOf<K>);
}

function isKnown(kind: string): kind is KindOfStatement {
  return Object.hasOwn(kinds, kind);
}

function parsed(kind: KindOfStatement, body: object): Statement {
  return { kind, body: kinds[kind].schema.parse(body) } as Statement;
}
