/**
 * The kinds of events. `audit` marks an act: something that the origin did because a caller with a token requested it.
 * `news` marks everything else that happened, or that the origin did by itself. Acts are kept longer than news.
 */
const EVENT_KINDS = {
  publish: 'audit',
  rollback: 'audit',
  activate: 'audit',
  'alias-set': 'audit',
  'alias-delete': 'audit',
  'rollout-pause': 'audit',
  'rollout-resume': 'audit',
  'rollout-finish': 'audit',
  'rollout-abort': 'audit',
  'file-put': 'audit',
  'file-delete': 'audit',
  'bucket-commit': 'audit',
  purge: 'audit',
  'window-open': 'audit',
  pin: 'audit',
  unpin: 'audit',
  prune: 'audit',
  'site-set': 'audit',
  'site-delete': 'audit',
  'token-create': 'audit',
  'token-rotate': 'audit',
  'token-revoke': 'audit',
  'edge-join': 'audit',
  'edge-pause': 'audit',
  'edge-resume': 'audit',
  'edge-revoke': 'audit',
  'edge-drain': 'audit',
  'edge-undrain': 'audit',
  'edge-label': 'audit',
  'edge-replace': 'audit',
  'edge-may-read': 'audit',
  'task-create': 'audit',
  'task-cancel': 'audit',
  'task-retry': 'audit',
  'store-migrate': 'audit',
  'store-migrate-cancel': 'audit',
  'store-drop': 'audit',
  'store-forget': 'audit',
  'webhook-set': 'audit',
  'webhook-delete': 'audit',

  'edge-online': 'news',
  'edge-offline': 'news',
  'edge-health': 'news',
  'edge-disk-full': 'news',

  'origin-acts': 'news',
  'alias-expired': 'news',
  'rollout-step': 'news',
  'rollout-paused': 'news',
  'rollout-failed': 'news',
  'rollout-done': 'news',
  'task-done': 'news',
  'task-failed': 'news',
  'task-expired': 'news',

  'store-verified': 'news',
  'store-damaged': 'news',
  'store-repaired': 'news',
  'store-unrepaired': 'news',
  'store-migrated': 'news',
  'store-dropped': 'news',

  'events-dropped': 'news',
  'webhook-failing': 'news',
  'webhook-gave-up': 'news',
} as const satisfies Readonly<Record<string, 'audit' | 'news'>>;

export type EventKind = keyof typeof EVENT_KINDS;

/** The kinds of acts. */
export type Act = { [K in EventKind]: (typeof EVENT_KINDS)[K] extends 'audit' ? K : never }[EventKind];

/** Acts that create a revision. Their responses wait only for the revision. */
const PUBLISHES: ReadonlySet<Act> = new Set<Act>([
  'publish',
  'rollback',
  'activate',
  'file-put',
  'file-delete',
  'bucket-commit',
  'window-open',
]);

export function isPublish(act: Act): boolean {
  return PUBLISHES.has(act);
}

export function isEventKind(kind: string): kind is EventKind {
  return Object.hasOwn(EVENT_KINDS, kind);
}

export function isAct(kind: string): kind is Act {
  return isEventKind(kind) && EVENT_KINDS[kind] === 'audit';
}
