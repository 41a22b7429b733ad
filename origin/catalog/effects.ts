import { type Durability, MANIFEST_DURABILITY } from '../../shared/content/manifest/durability.ts';
import type { CatalogCalls } from './catalog.ts';

/** A durability, or `appends` for a call that is durable and may append to the log. */
export type Effect = Durability | 'appends';

/** The effect of each call. It is part of the interface, so every implementation keeps to it. */
export const EFFECTS: { readonly [K in keyof CatalogCalls]: Effect } = {
  ...MANIFEST_DURABILITY,
  contentDigests: 'reads',
  nodeEntries: 'reads',

  identity: 'reads',
  records: 'reads',
  newestRecords: 'reads',
  firstSeq: 'reads',
  head: 'reads',
  hashAt: 'reads',
  found: 'appends',
  // The denial need not survive a loss of power: each origin compares the stored reports again when it starts.
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

  aliases: 'reads',
  alias: 'reads',
  expiredAliases: 'reads',
  nextExpiry: 'reads',
  putAlias: 'appends',
  deleteAlias: 'appends',

  openRollouts: 'reads',
  rollout: 'reads',
  stepRollout: 'appends',
  endRollout: 'appends',
  noteRollout: 'durable',

  addObjects: 'durable',
  siteObject: 'reads',

  storedParts: 'reads',
  storedAmount: 'reads',
  unchanged: 'reads',
  damaged: 'reads',
  damagedCount: 'reads',
  damagedAmong: 'reads',
  sitesNaming: 'reads',
  placesOf: 'reads',
  noteDamaged: 'durable',
  noteSound: 'durable',
  storePass: 'reads',
  // If the place of a pass is lost, the pass reads some objects again.
  saveStorePass: 'relaxed',

  createDeploy: 'durable',
  // Until the deploy is complete, nobody knows its id.
  addDeployFiles: 'relaxed',
  completeDeploy: 'durable',
  dropDeploy: 'durable',
  deploy: 'reads',
  missingObjects: 'reads',
  deployConflicts: 'reads',
  keyedDeploy: 'reads',
  keyDeploy: 'durable',
  deployedBeyond: 'reads',
  finishDeploy: 'durable',

  namedByRequests: 'reads',
  bucketObject: 'reads',
  bucketPage: 'reads',
  changeBucket: 'durable',
  heldSites: 'reads',
  openHeld: 'durable',
  stageHeld: 'relaxed',

  createMultipart: 'durable',
  multipart: 'reads',
  multiparts: 'reads',
  judgePart: 'reads',
  addParts: 'durable',
  parts: 'reads',
  finishMultipart: 'durable',
  dropMultipart: 'durable',

  createToken: 'durable',
  tokens: 'reads',
  token: 'reads',
  rotateToken: 'durable',
  // If a use is lost, the next one is noted.
  noteTokenUse: 'relaxed',
  revokeToken: 'durable',

  join: 'appends',
  createReplacement: 'durable',
  edges: 'reads',
  changeMember: 'appends',
  saveReports: 'durable',

  addReceipts: 'durable',
  confirming: 'reads',
  receipts: 'reads',
  addPurges: 'appends',
  purge: 'reads',
  addPurgeReceipts: 'durable',
  revisionEvidence: 'reads',
  purgeEvidence: 'reads',

  addEvents: 'durable',
  events: 'reads',
  newestEvent: 'reads',
  dropEvents: 'durable',

  webhooks: 'reads',
  putWebhook: 'durable',
  deleteWebhook: 'durable',
  // If the place of a webhook is lost, it delivers some events again.
  moveWebhook: 'relaxed',

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

  addTask: 'durable',
  openTasks: 'reads',
  task: 'reads',
  tasks: 'reads',
  recentKeys: 'reads',
  shares: 'reads',
  saveTasks: 'durable',
  reopenTask: 'durable',
  dropTasks: 'durable',
};

/**
 * The calls whose callers hold the site's lock. In a catalog that several nodes share, a call of a node that has lost
 * the lock throws and changes nothing: see publish/site-lock.ts. A purge made under the lock needs no fence: it leaves
 * the site's content as it is.
 */
export const FENCED: ReadonlySet<keyof CatalogCalls> = new Set([
  'deleteSite',
  'beginStaging',
  'endStaging',
  'stage',
  'stageDiff',
  'stageDeploy',
  'stageAbsent',
  'stageHeld',
  'sealLeaves',
  'sealRoot',
  'unstage',
  'reveal',
  'activate',
  'abort',
  'noteOutcome',
  'putAlias',
  'deleteAlias',
  'stepRollout',
  'endRollout',
  'noteRollout',
  'finishDeploy',
] as const);
