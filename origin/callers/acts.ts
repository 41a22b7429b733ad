import type { Logger } from 'pino';
import type { Actor, NewEvent } from '../../shared/wire/event.ts';
import { type Act, isPublish } from '../../shared/wire/event-kinds.ts';
import { caller } from './caller.ts';
import { shortened } from './shortened.ts';

/**
 * Writes one line and one event for an act that is done, with its caller and its details. `site` and `edge` in `what`
 * name the site or the edge that the act concerned. `what` never contains a secret.
 */
export type NoteAct = (act: Act, what: Readonly<Record<string, unknown>>) => void;

/** Stores events. */
interface Trail {
  note(event: NewEvent): void;
  /** Resolves when everything that was noted is durable, or the first attempt to store it has failed. */
  tried(): Promise<void>;
}

/**
 * Names the current caller in each line and event. For an edge that joins, `what` has its name. The response to the
 * caller waits for the event, so that every change of rights and settings leaves a trace. A publish does not wait: its
 * record describes it, and the line in the log names who asked for it.
 */
export function actLog(log: Logger, trail: Trail): NoteAct {
  return (act, what) => {
    const known = caller.getStore();
    const { token, address } = known ?? {};
    const by = { ...(token && { id: token.id, scope: token.scope }), address };
    log.info({ act, by, ...shortened(what) }, `act: ${act}`);
    trail.note(
      eventOf(
        act,
        { ...(token && { token: token.id, scope: token.scope }), ...(address && { address }) },
        what,
      ),
    );
    if (known !== undefined && !isPublish(act)) known.noted = trail.tried();
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
