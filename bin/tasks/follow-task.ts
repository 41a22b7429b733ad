import type { ApiClient } from '../../origin/client/api-client.ts';
import type { WholeTask } from '../../origin/client/tasks-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import { plural, printError } from '../terminal/output.ts';
import { hasEnded } from './task-progress.ts';
import type { TaskView } from './task-view.ts';

/**
 * The pause between two requests for the task's state. With a thousand edges, a request takes longer, and the pause
 * grows in proportion.
 */
const PAUSE = { least: 150, most: 2000, perLook: 4 };
/** An origin that restarts is reachable again within this time. The edges continue their work without it. */
const PATIENCE_MS = 5000;
/** A longer list would not be read. */
const MOST_NAMED = 10;

export interface FollowOptions {
  readonly client: Pick<ApiClient, 'edges'> & { readonly tasks: Pick<ApiClient['tasks'], 'whole'> };
  readonly id: number;
  readonly view: TaskView;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the task when it has ended. An interruption ends the command but not the task, and the command says so.
 */
export async function followTask(options: FollowOptions): Promise<WholeTask> {
  const { id, view, signal } = options;
  try {
    return await ended(options);
  } catch (error) {
    view.end();
    if (signal.aborted || hasCode(error, 'origin-unreachable'))
      printError(
        `task ${id} goes on. \`skerry tasks follow ${id}\` shows it, \`skerry tasks cancel ${id}\` ends it.`,
      );
    throw error;
  } finally {
    view.end();
  }
}

async function ended({ client, id, view, clock, signal }: FollowOptions): Promise<WholeTask> {
  let seen: number | undefined;
  while (true) {
    const began = clock.monotonic();
    const task = await client.tasks.whole(id).catch((error: unknown) => {
      const isBrief = seen !== undefined && clock.monotonic() - seen < PATIENCE_MS;
      if (hasCode(error, 'origin-unreachable') && isBrief) return undefined;
      throw error;
    });
    const took = clock.monotonic() - began;
    if (task !== undefined) {
      if (seen === undefined && !hasEnded(task)) await nameAbsent(client, task);
      seen = clock.monotonic();
      view.show(task);
      if (hasEnded(task)) return task;
    }
    await clock.sleep(Math.min(PAUSE.most, Math.max(PAUSE.least, took * PAUSE.perLook)), signal);
  }
}

/** Prints which edges are offline, because the command may wait for them until the task's deadline. */
async function nameAbsent(client: Pick<ApiClient, 'edges'>, { id, shares }: WholeTask): Promise<void> {
  const open = new Set(shares.filter((share) => !hasEnded(share)).map(({ edge }) => edge));
  const absent = (await client.edges()).filter(({ name, online }) => !online && open.has(name));
  if (absent.length === 0) return;
  const others = absent.length - MOST_NAMED;
  const named = absent.slice(0, MOST_NAMED).map(({ name }) => name);
  printError(
    `task ${id} waits until its deadline for offline edges: ${named.join(', ')}${others > 0 ? ` and ${plural(others, 'other edge')}` : ''}`,
  );
}
