import type { Audit } from './audit.ts';
import type { BucketReader } from './buckets.ts';
import type { ObjectNames } from './object-names.ts';
import type { Pruning } from './pruning.ts';
import type { ManifestReader } from './reading.ts';
import type { Staging } from './staging.ts';

/**
 * The changes that a resolved call may lose when the power fails.
 * - `reads`: nothing, because it changes nothing.
 * - `relaxed`: all of its changes, until a durable call that changes something resolves. That call makes all earlier
 *   ones durable too. Calls are lost from the end: when one is lost, all later ones are lost too.
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
  mendNode: 'relaxed',
  objectsNamed: 'reads',
  isNamedIn: 'reads',
  allObjects: 'reads',
  prune: 'durable',
  reclaimable: 'reads',
  forecast: 'reads',
} as const satisfies { readonly [K in keyof Manifests]: Durability };
