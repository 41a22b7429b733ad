import type { Logger } from 'pino';
import { caller } from './caller.ts';

/** A change of the origin's state that somebody asked for. */
type Act =
  | 'publish'
  | 'rollback'
  | 'file-put'
  | 'file-delete'
  | 'purge'
  | 'window-open'
  | 'pin'
  | 'unpin'
  | 'prune'
  | 'site-set'
  | 'site-delete'
  | 'token-create'
  | 'token-revoke'
  | 'edge-join'
  | 'edge-pause'
  | 'edge-resume'
  | 'edge-drain'
  | 'edge-undrain'
  | 'edge-label'
  | 'edge-replace'
  | 'edge-revoke'
  | 'edge-may-read'
  | 'task-create'
  | 'task-cancel'
  | 'task-retry';

/** Writes one line for an act that is done, with who did it and what it was. It never contains a secret. */
export type NoteAct = (act: Act, what: Readonly<Record<string, unknown>>) => void;

/** Cuts names and lists that a caller chose, so that a line stays short. */
const MOST_CHARACTERS = 4096;

/** Names the current caller in each line. For an edge that joins, `what` has the name. */
export function actLog(log: Logger): NoteAct {
  return (act, what) => {
    const { token, address } = caller.getStore() ?? {};
    const by = { ...(token && { id: token.id, scope: token.scope }), address };
    log.info({ act, by, ...shortened(what) }, `act: ${act}`);
  };
}

function shortened(what: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(what).map(([name, value]) => {
      const text = JSON.stringify(value) ?? '';
      return [name, text.length <= MOST_CHARACTERS ? value : `${text.slice(0, MOST_CHARACTERS)}…`];
    }),
  );
}
