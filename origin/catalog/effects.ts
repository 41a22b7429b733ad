import { type Durability, MANIFEST_DURABILITY } from '../../shared/content/manifest/durability.ts';
import type { CatalogCalls } from './catalog.ts';

/** As a durability, and `appends` for what is durable and may have made the log longer. */
export type Effect = Durability | 'appends';

/** What each call leaves behind: a part of the interface, and every implementation keeps to it. */
export const EFFECTS: { readonly [K in keyof CatalogCalls]: Effect } = {
  ...MANIFEST_DURABILITY,

  identity: 'reads',
  records: 'reads',
  newestRecords: 'reads',
  firstSeq: 'reads',
  head: 'reads',
  hashAt: 'reads',
  found: 'appends',
  // It denies for as long as the process lives, and writes nothing down.
  denyAppends: 'reads',
  close: 'reads',

  sites: 'reads',
  site: 'reads',
  siteNamed: 'reads',
  siteIds: 'reads',
  putSite: 'appends',
  deleteSite: 'appends',

  revisions: 'reads',
  revision: 'reads',
  formerlyLive: 'reads',
  diffBytes: 'reads',
  behind: 'reads',

  beginStaging: 'relaxed',
  endStaging: 'durable',
  stageDiff: 'relaxed',
  stageDeploy: 'relaxed',
  stageAbsent: 'relaxed',

  reveal: 'appends',
  activate: 'appends',
  abort: 'appends',
  noteOutcome: 'appends',

  addObjects: 'durable',
  siteObject: 'reads',

  createDeploy: 'durable',
  setDeployHeader: 'durable',
  addDeployFiles: 'durable',
  dropDeploy: 'durable',
  deploy: 'reads',
  deployMissing: 'reads',
  checkDeploySizes: 'reads',
  finishDeploy: 'durable',

  createToken: 'durable',
  tokens: 'reads',
  token: 'reads',
  revokeToken: 'durable',

  join: 'appends',
  edges: 'reads',
  changeMember: 'appends',
  saveReports: 'durable',

  addReceipts: 'durable',
  receipts: 'reads',
  addPurges: 'appends',
  purge: 'reads',
  addPurgeReceipts: 'durable',

  retainedSites: 'reads',
  past: 'reads',
  dropRevisions: 'durable',
  dropEntries: 'durable',
  dropLeftovers: 'durable',
  pin: 'durable',
  unreferenced: 'reads',
  dropObjects: 'durable',
  removals: 'durable',
  removed: 'durable',
  storedLog: 'reads',
  addCheckpoint: 'appends',
  dropRecords: 'durable',
};
