import { NODE_COUNT } from '../../../shared/content/buckets.ts';
import type { ReceiptFile } from '../../../shared/receipts/receipt-file.ts';
import { READY_POLICIES } from '../../../shared/site/ready-rollouts.ts';
import type { Alias } from '../../../shared/wire/alias-api.ts';
import type { Commit, Purge, Revision, Site } from '../../../shared/wire/api.ts';
import type { Rollout } from '../../../shared/wire/rollout-api.ts';
import type { Examples } from './example.ts';

const DIGEST = '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed';
const ROOT = '15af68548b8a2f573425ab7338462e6ed3a9d2aa99c3c365b8d37bdb0d99327a';

export const site: Site = {
  name: 'docs',
  domains: ['docs.example'],
  revision: 12,
  files: 41,
  bytes: 1_204_113,
  pending: null,
  policy: {
    mode: 'async',
    sync: { require: 'all', timeout: 30, onFailure: 'abort', withoutLease: 'serve' },
    batch: { window: { cron: '0 3 * * *', timezone: 'UTC', minutes: 120 }, rate: null },
    retention: { revisions: 10, days: 7 },
    formerAssets: { hours: 24, paths: null },
    private: null,
    pinned: [],
    quota: { bytes: 10_000_000_000, files: null, fileBytes: null },
    bucket: { quiet: 2, hold: 300 },
    previews: { domain: null, under: [], private: false },
    rollout: null,
  },
};

const rollout: Rollout = {
  site: 'docs',
  revision: 13,
  base: 12,
  seq: 58,
  state: 'running',
  reason: '',
  step: 1,
  edges: ['paris'],
  message: 'new start page',
  began: 1_790_000_000_000,
  stepped: 1_790_000_002_000,
  ended: null,
  policy: READY_POLICIES.canary,
  evidence: {
    edges: [
      {
        edge: 'paris',
        verdict: 'good',
        why: '812 answers',
        trial: {
          site: 1,
          revision: 13,
          requests: 812,
          lost: 1,
          broken: 0,
          errors: 0,
          rehearsal: { requests: 256, lost: 0 },
          deaths: 0,
          checks: { asked: 0, failed: 0 },
          speed: { slots: 11, slower: [1, 0, 0, 0] },
          silence: { slots: 0, of: 12 },
          busy: { slots: 118, of: 119 },
          past: { requests: 40_122, broken: 3, errors: 0 },
          worst: [{ path: '/old.html', status: 404, before: 200, count: 1, referer: null }],
        },
      },
    ],
    worst: [{ edge: 'paris', path: '/old.html', status: 404, before: 200, count: 1, referer: null }],
  },
};
const aborted = {
  state: 'aborted' as const,
  reason: 'somebody aborted it',
  seq: 59,
  ended: 1_790_000_030_000,
};

const live: Commit = {
  revision: 13,
  seq: 57,
  unchanged: false,
  mode: 'async',
  outcome: 'live',
  edges: [],
  opens: null,
  receipts: [],
};
const inSync: Commit = {
  ...live,
  mode: 'sync',
  edges: [{ edge: 'paris', state: 'visible' }],
};

const revision: Revision = {
  revision: 12,
  seq: 55,
  root: ROOT,
  base: 11,
  files: 41,
  bytes: 1_204_113,
  message: 'new start page',
  time: 1_795_945_951_338,
  restores: null,
  live: true,
  mode: 'async',
  state: 'activated',
  pinned: false,
};

const alias: Alias = {
  name: 'pr-12',
  revision: 13,
  seq: 58,
  expires: 1_798_537_951_436,
  hosts: ['pr-12--docs.localhost'],
};

const purge: Purge = {
  seq: 61,
  time: 1_795_945_951_543,
  target: { all: false, paths: ['index.html'], globs: ['img/*'], tags: [] },
  receipts: [],
};

const LOG = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const KEYS = {
  signing: 'gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q',
  recovery: 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w',
  edge: '7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E',
};
const SIGNATURE = 'LOSOuF_rMsG4cGxnnpDugF5HivWchjMHb3JFtyEItUaFp_vShc6ndSp02J38t8GL4Rvp7ROnNoonKPDUs3M8BA';
/** The signatures of this example are not valid. docs/protocol.md has an example with valid ones. */
const receiptFile: ReceiptFile = {
  format: 'skerry-receipts-1',
  certificates: [{ publicKey: KEYS.signing, recoveryKey: KEYS.recovery, certificate: SIGNATURE }],
  record: {
    ...{ log: LOG, epoch: 1, seq: 55, prev: DIGEST, kind: 'activate', critical: true, time: revision.time },
    ...{ site: 1, revision: 12, root: ROOT, payload: '{"mode":"async"}', sig: SIGNATURE },
  },
  roster: {
    ...{ log: LOG, epoch: 1, seq: 57, hash: DIGEST, time: 1_795_945_952_000, site: 'docs', about: DIGEST },
    keys: [[KEYS.signing, 1]],
    members: [['paris', 'eu-west', KEYS.edge, 'member', true]],
    sig: SIGNATURE,
  },
  receipts: [
    {
      ...{ log: LOG, epoch: 1, edge: 'paris', site: 1, revision: 12, root: ROOT, seq: 55 },
      ...{ since: 1_795_945_951_700, covers: 'all', sig: SIGNATURE },
    },
  ],
};

export const contentExamples: Examples = {
  'GET /v1/sites': { answer: { sites: [site] } },
  'GET /v1/sites/{site}': { answer: site },
  'PUT /v1/sites/{site}': {
    request: { domains: ['docs.example'], policy: { mode: 'async' } },
    answer: site,
  },
  'POST /v1/sites/{site}/windows': { answer: { ...live, mode: 'batch' } },
  'POST /v1/sites/{site}/deploys': {
    request: { base: 12, files: { 'index.html': { digest: DIGEST, size: 3 } }, delete: ['old.html'] },
    answer: { id: '1c654e1b1fda9837cac34f70', missing: [DIGEST] },
  },
  'GET /v1/deploys/{id}': {
    answer: {
      ...{ id: '1c654e1b1fda9837cac34f70', site: 'docs', base: 12, committed: null },
      missing: [DIGEST],
    },
  },
  'DELETE /v1/deploys/{id}': {},
  'POST /v1/deploys/{id}/commit': { request: { mode: 'sync', message: 'new start page' }, answer: inSync },
  'POST /v1/sites/{site}/objects': { answer: { objects: 250, bytes: 1_204_113 } },
  'PUT /v1/sites/{site}/archive': { answer: live },
  'PUT /v1/sites/{site}/files/{*}': { answer: live },
  'DELETE /v1/sites/{site}/files/{*}': { answer: live },
  'GET /v1/sites/{site}/revisions': { answer: { revisions: [revision] } },
  'GET /v1/sites/{site}/revisions/{revision}': { answer: { ...revision, receipts: [] } },
  'GET /v1/sites/{site}/revisions/{revision}/digests': {
    answer: { nodes: Array.from({ length: NODE_COUNT }, (_, node) => (node === 118 ? DIGEST : null)) },
  },
  'GET /v1/sites/{site}/revisions/{revision}/receipts': { answer: receiptFile },
  'POST /v1/sites/{site}/rollback': { request: { to: 11 }, answer: live },
  'GET /v1/sites/{site}/aliases': { answer: { aliases: [alias] } },
  'GET /v1/sites/{site}/aliases/{alias}': {
    answer: { ...alias, edges: [{ edge: 'fra-1', revision: alias.revision, pendingBytes: 0, error: null }] },
  },
  'PUT /v1/sites/{site}/aliases/{alias}': { request: { revision: 13, expires: 604_800 }, answer: alias },
  'POST /v1/sites/{site}/activate': { request: { alias: 'pr-12' }, answer: live },
  'GET /v1/sites/{site}/rollout': { answer: rollout },
  'POST /v1/sites/{site}/rollout': { request: { act: 'abort' }, answer: { ...rollout, ...aborted } },
  'POST /v1/sites/{site}/purge': { request: { paths: ['/index.html', '/img/*'] }, answer: purge },
  'GET /v1/sites/{site}/purges/{seq}': { answer: purge },
  'GET /v1/sites/{site}/purges/{seq}/receipts': { answer: receiptFile },
};
