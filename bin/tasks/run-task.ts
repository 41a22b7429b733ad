import type { ApiClient } from '../../origin/client/api-client.ts';
import type { WholeTask } from '../../origin/client/tasks-client.ts';
import { systemClock } from '../../shared/clock.ts';
import type { TaskRequest } from '../../shared/wire/task-api.ts';
import { followTask } from './follow-task.ts';
import { taskView } from './task-view.ts';

/** Creates a task and resolves with it when it has ended. On a terminal, it shows the progress of each edge. */
export async function runTask(
  client: Pick<ApiClient, 'tasks' | 'edges'>,
  request: TaskRequest,
  signal: AbortSignal,
): Promise<WholeTask> {
  const { id } = await client.tasks.create(request);
  return followTask({ client, id, view: taskView({ isQuiet: true }), clock: systemClock, signal });
}
