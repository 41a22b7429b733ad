import type { Logger } from 'pino';
import { caller } from './caller.ts';

/** What changed the origin's state because somebody asked for it. */
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
  | 'edge-revoke'
  | 'edge-may-read';

/** Writes one line for an act that is done: who did it, and what, never a secret. */
export type NoteAct = (act: Act, what: Readonly<Record<string, unknown>>) => void;

/** A name or a list that a caller chose is as long as he likes; a line is not. */
const MOST_CHARACTERS = 4096;

/** Who acts is the caller for whom the origin works now; an edge that joins is named in `what`. */
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
