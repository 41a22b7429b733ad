import type { Audit } from './audit.ts';
import type { BucketReader } from './buckets.ts';
import type { ObjectNames } from './object-names.ts';
import type { Pruning } from './pruning.ts';
import type { ManifestReader } from './reading.ts';
import type { Staging } from './staging.ts';

/**
 * What a loss of power may take of a call that has resolved.
 * - `reads`: it has changed nothing.
 * - `relaxed`: all that it has changed, until a durable call that changes something resolves. That one makes all before
 *   it durable too. What is lost is lost from the end: never a call without those after it.
 * - `durable`: nothing.
 */
export type Durability = 'reads' | 'relaxed' | 'durable';

type Manifests = Staging & ManifestReader & BucketReader & Audit & ObjectNames & Pruning;

export const MANIFEST_DURABILITY = {
  stage: 'relaxed',
  staged: 'reads',
  sealLeaves: 'relaxed',
  resealLeaves: 'relaxed',
  sealRoot: 'relaxed',
  unstage: 'relaxed',
  entryAt: 'reads',
  manifestPage: 'reads',
  diffPage: 'reads',
  nodesAt: 'reads',
  leavesAt: 'reads',
  leafEntries: 'reads',
  auditNode: 'reads',
  remakeNode: 'relaxed',
  objectsNamed: 'reads',
  isNamedIn: 'reads',
  allObjects: 'reads',
  prune: 'durable',
  reclaimable: 'reads',
  forecast: 'reads',
} as const satisfies { readonly [K in keyof Manifests]: Durability };
