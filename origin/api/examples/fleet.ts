import type { EdgeStatus, LogPage, PrunePlan, Status } from '../../../shared/wire/api.ts';
import type { MigrationStatus, StoreStatus } from '../../../shared/wire/store-api.ts';
import type { ActionPlan, TaskDetail, TaskStatus } from '../../../shared/wire/task-api.ts';
import { site } from './content.ts';
import type { Examples } from './example.ts';

const edge: EdgeStatus = {
  name: 'paris',
  region: 'eu-west',
  lat: 48.9,
  lon: 2.4,
  version: '0.1.0',
  online: true,
  paused: false,
  drained: false,
  revoked: false,
  labels: ['ssd'],
  mayRead: null,
  parent: null,
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
  clockOffset: 4,
  faults: [],
  lastSeen: 1_795_945_951_338,
  position: 57,
  diverged: null,
  health: { state: 'online', trouble: null, reason: null },
  use: null,
  lag: { records: 0, bytes: 0, seconds: 0 },
  sites: {
    docs: {
      revision: 12,
      prepared: 12,
      lag: { revisions: 0, bytes: 0, seconds: 0 },
      error: null,
      readers: null,
    },
  },
};

const status: Status = {
  origin: { version: '0.1.0', seq: 57, sites: [site], certificate: null },
  edges: [edge],
};

const task: TaskStatus = {
  id: 7,
  kind: 'verify',
  args: { repair: true },
  target: { edges: ['paris'] },
  cause: 'token 4333c11521f1',
  state: 'running',
  created: 1_795_945_951_756,
  deadline: 1_795_949_551_756,
  ended: null,
};

const detail: TaskDetail = {
  ...task,
  result: null,
  shares: [
    {
      share: 0,
      edge: 'paris',
      state: 'running',
      attempts: 1,
      progress: { objects: 12, bytes: 88_300 },
      result: null,
    },
  ],
  next: null,
};

const cancelled: TaskStatus = { ...task, state: 'cancelled', ended: 1_795_945_960_000 };

const plan: ActionPlan = {
  time: 1_795_945_951_904,
  actions: [
    {
      key: 'warm docs@12 at paris',
      when: 'now',
      cause: 'paris lacks objects of docs that it must always hold',
      request: { kind: 'warm', target: { edges: ['paris'] }, args: { site: 'docs' } },
    },
  ],
  more: 0,
};

const log: LogPage = {
  records: [
    {
      log: '61e389774d94001b532c9e2730bc8409',
      epoch: 1,
      kind: 'activate',
      site: 1,
      revision: 12,
      root: '15af68548b8a2f573425ab7338462e6ed3a9d2aa99c3c365b8d37bdb0d99327a',
      payload: '{}',
      critical: true,
      seq: 55,
      prev: '21153e6ac0e0420fba320a804b7d295e13a00463ad2574f3f4b3c40b41bfcb81',
      time: 1_795_945_951_338,
      sig: '7tyldPBl4iiuLu3csmlB1HdsaXE-nethIcBnXrH_rS4Sv0VlXOiFXyXQP3M1LUoB7ha0xuisYFEn05UvL2PBDQ',
    },
  ],
};

const store: StoreStatus = {
  damaged: 0,
  pass: {
    number: 3,
    began: 1_795_945_949_208,
    ended: 1_795_945_999_213,
    objects: 4021,
    bytes: 88_312_004,
    damaged: 0,
  },
};

const migration: MigrationStatus = {
  store: 'file:',
  other: { url: 's3://releases/skerry', role: 'target' },
  progress: {
    ...{ objects: 1024, bytes: 22_301_440, left: { objects: 2997, bytes: 66_010_564 } },
    ...{ bytesPerSecond: 2_027_404, secondsLeft: 33 },
  },
  error: null,
};
const dropping: MigrationStatus = {
  store: 's3://releases/skerry',
  other: { url: 'file:', role: 'dropping' },
  progress: null,
  error: null,
};

const leaving: MigrationStatus = { ...dropping, other: { url: 'file:', role: 'leaving' } };

const pruned: PrunePlan = {
  sites: [],
  objects: 120,
  bytes: 4_100_000,
  records: 18,
};

export const fleetExamples: Examples = {
  'GET /v1/edges': { answer: { edges: [edge] } },
  'GET /v1/edges/{name}': { answer: edge },
  'PUT /v1/edges/{name}/may-read': {
    request: { sites: ['docs'] },
    answer: { ...edge, mayRead: ['docs'] },
  },
  'POST /v1/edges/{name}/labels': { request: { add: ['ssd'], remove: ['old'] }, answer: edge },
  'POST /v1/edges/{name}/replace': {
    answer: { id: '0c4bb550ae7a', token: 'skj_0c4bb550ae7a.SECRET.bb03e1522d1cfc73385abbe0ddd68dc5' },
  },
  'POST /v1/edges/{name}/pause': { answer: { ...edge, paused: true } },
  'POST /v1/edges/{name}/resume': { answer: edge },
  'POST /v1/edges/{name}/drain': { answer: { ...edge, drained: true } },
  'POST /v1/edges/{name}/undrain': { answer: edge },
  'POST /v1/edges/{name}/revoke': { answer: { ...edge, online: false, revoked: true } },
  'GET /v1/status': { answer: status },
  'GET /v1/log': { answer: log },
  'POST /v1/tasks': {
    request: { kind: 'verify', target: { edges: ['paris'] }, args: { repair: true } },
    answer: { ...task, state: 'queued' },
  },
  'GET /v1/tasks': { answer: { tasks: [task], next: null } },
  'GET /v1/tasks/plan': { answer: plan },
  'GET /v1/tasks/{task}': { answer: detail },
  'POST /v1/tasks/{task}/cancel': { answer: cancelled },
  'POST /v1/tasks/{task}/retry': { answer: { ...task, state: 'queued' } },
  'POST /v1/prune': { request: { dryRun: true }, answer: pruned },
  'GET /v1/store': { answer: store },
  'GET /v1/store/migration': { answer: migration },
  'POST /v1/store/migration': { request: { to: 's3://releases/skerry' }, answer: migration },
  'DELETE /v1/store/migration': { answer: dropping },
  'DELETE /v1/store/kept': { answer: dropping },
  'POST /v1/store/forget': { answer: leaving },
  'POST /v1/store/verify': { answer: { ...store, pass: { ...store.pass, ended: null } } },
};
