import { type Durability, MANIFEST_DURABILITY } from '../../shared/content/manifest/durability.ts';
import type { EdgeCatalogCalls } from './catalog.ts';

/**
 * States what each call may lose in a power failure. This is part of the interface, so it applies to every
 * implementation.
 */
export const EDGE_DURABILITY: { readonly [K in keyof EdgeCatalogCalls]: Durability } = {
  ...MANIFEST_DURABILITY,

  chain: 'reads',
  begin: 'durable',
  storeRecords: 'durable',
  noteHead: 'durable',
  signedHead: 'reads',
  clockOffset: 'reads',
  noteClockOffset: 'durable',
  isRefused: 'reads',
  noteRefused: 'durable',
  isRevoked: 'reads',
  noteRevoked: 'durable',
  records: 'reads',
  firstSeq: 'reads',
  pruneRecords: 'durable',
  members: 'reads',

  sites: 'reads',
  site: 'reads',
  siteNamed: 'reads',
  deletedSites: 'reads',
  forgetSite: 'durable',
  reveal: 'durable',
  setCovers: 'durable',
  redate: 'durable',
  held: 'reads',
  dropHeld: 'durable',

  beginStaging: 'relaxed',
  endStaging: 'durable',
  stageLast: 'relaxed',
  proveStaging: 'relaxed',
  setPrepared: 'durable',
  clearPrepared: 'durable',
  objectsBeyond: 'reads',
  stagedRemovals: 'reads',
  bytesBeyond: 'reads',

  keep: 'durable',
  fillKept: 'durable',
  giveUpKept: 'durable',
  dropKept: 'durable',

  addReceipt: 'durable',
  lastReceipt: 'reads',
  addTaskResult: 'durable',
  unsentStatements: 'reads',
  acknowledged: 'durable',

  sitesToPurge: 'reads',
  pendingPurges: 'reads',
  purgesDone: 'durable',
  dropEnded: 'durable',

  fetchable: 'reads',
  currentNames: 'reads',
  allNames: 'reads',
  objectsOfPath: 'reads',
  objectsOfSite: 'reads',

  noteAhead: 'durable',
  aheadUse: 'reads',
  releaseAhead: 'durable',

  removals: 'durable',
  removed: 'durable',
  close: 'reads',
};
