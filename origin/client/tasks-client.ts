import { type Schema, schema } from '../../shared/json/schema.ts';
import {
  type ActionPlan,
  actionPlanSchema,
  type ShareStatus,
  type TaskListFilter,
  type TaskRequest,
  type TaskStatus,
  taskDetailSchema,
  taskListSchema,
  taskStatusSchema,
} from '../../shared/wire/task-api.ts';

/** Sends a request to the API, and returns its response if that matches the schema. */
export type Ask = <T>(method: 'GET' | 'POST', path: string, answer: Schema<T>, body?: object) => Promise<T>;

/** A task with all its shares. */
export interface WholeTask extends TaskStatus {
  readonly shares: readonly ShareStatus[];
}

/** The newest tasks, and whether there are older ones. */
export interface NewestTasks {
  readonly tasks: readonly TaskStatus[];
  readonly hasMore: boolean;
}

const answers = {
  task: schema(taskStatusSchema),
  detail: schema(taskDetailSchema),
  list: schema(taskListSchema),
  plan: schema(actionPlanSchema),
};

/** The calls about tasks. All calls about a task that does not exist throw `no-such-task`. */
export class TasksClient {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  create(request: TaskRequest): Promise<TaskStatus> {
    return this.#ask('POST', '/v1/tasks', answers.task, request);
  }

  /** The newest tasks first, at most `limit`. */
  async list(filter: TaskListFilter, limit: number): Promise<NewestTasks> {
    const tasks: TaskStatus[] = [];
    const query = new URLSearchParams(filter);
    while (tasks.length <= limit) {
      const page = await this.#ask('GET', `/v1/tasks?${query}`, answers.list);
      tasks.push(...page.tasks);
      if (page.next === null) break;
      query.set('before', String(page.next));
    }
    return { tasks: tasks.slice(0, limit), hasMore: tasks.length > limit };
  }

  /**
   * The task, and the shares of all pages. Its state is that of the first page, so the shares of an ended task have
   * ended, too.
   */
  async whole(id: number): Promise<WholeTask> {
    const { next: second, ...task } = await this.#ask('GET', `/v1/tasks/${id}`, answers.detail);
    const shares = [...task.shares];
    for (let from = second; from !== null; ) {
      const page = await this.#ask('GET', `/v1/tasks/${id}?from=${from}`, answers.detail);
      shares.push(...page.shares);
      from = page.next;
    }
    return { ...task, shares };
  }

  /** The tasks that the origin would create by itself now. */
  plan(): Promise<ActionPlan> {
    return this.#ask('GET', '/v1/tasks/plan', answers.plan);
  }

  /** Returns the task as it is now. A task that has ended stays as it is. */
  cancel(id: number): Promise<TaskStatus> {
    return this.#ask('POST', `/v1/tasks/${id}/cancel`, answers.task);
  }

  /** Restarts the shares that failed, expired or were cancelled. */
  retry(id: number): Promise<TaskStatus> {
    return this.#ask('POST', `/v1/tasks/${id}/retry`, answers.task);
  }
}
