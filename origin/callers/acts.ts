import type { Logger } from 'pino';
import type { Actor, NewEvent } from '../../shared/wire/event.ts';
import type { Act } from '../../shared/wire/event-kinds.ts';
import { caller } from './caller.ts';
import { shortened } from './shortened.ts';

/**
 * Writes one line and one event for an act that is done, with who did it and what it was. `site` and `edge` in `what`
 * are what the act was done to. It never contains a secret.
 */
export type NoteAct = (act: Act, what: Readonly<Record<string, unknown>>) => void;

/** Names the current caller in each line and event. For an edge that joins, `what` has the name. */
export function actLog(log: Logger, note: (event: NewEvent) => void): NoteAct {
  return (act, what) => {
    const { token, address } = caller.getStore() ?? {};
    const by = { ...(token && { id: token.id, scope: token.scope }), address };
    log.info({ act, by, ...shortened(what) }, `act: ${act}`);
    note(
      eventOf(
        act,
        { ...(token && { token: token.id, scope: token.scope }), ...(address && { address }) },
        what,
      ),
    );
  };
}

function eventOf(
  kind: Act,
  cause: Actor,
  { site, edge, ...what }: Readonly<Record<string, unknown>>,
): NewEvent {
  return {
    kind,
    ...(typeof site === 'string' && { site }),
    ...(typeof edge === 'string' && { edge }),
    cause,
    what,
  };
}
