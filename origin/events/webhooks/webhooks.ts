import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Remote } from '../../../shared/process/thread.ts';
import { isEventKind } from '../../../shared/wire/event-kinds.ts';
import type { ChangedWebhook, Webhook, WebhookRequest } from '../../../shared/wire/webhook.ts';
import { caller } from '../../callers/caller.ts';
import type { StoredWebhook, WebhookCalls } from '../../catalog/webhook-calls.ts';
import { Delivery, type DeliveryParts } from './delivery.ts';
import type { Post } from './post.ts';
import { newSecret, signedHeaders } from './signature.ts';
import { checkedUrl, type WebhookRules } from './webhook-url.ts';

export interface WebhooksOptions extends Omit<DeliveryParts, 'catalog' | 'post'> {
  readonly catalog: Remote<WebhookCalls>;
  readonly rules: WebhookRules;
}

export interface WebhookQuestion {
  readonly type: string;
  readonly data: object;
}

interface Running {
  readonly delivery: Delivery;
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

/** The webhooks of an origin. Each has its own loop, so a slow receiver does not delay the others. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #running = new Map<string, Running>();
  /** Changes of one webhook happen one after another. */
  readonly #changes = new KeyedLock<string>();
  #post: Promise<Post> | undefined;
  #questions = 0;

  private constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  static async open(options: WebhooksOptions): Promise<Webhooks> {
    const webhooks = new Webhooks(options);
    for (const webhook of await options.catalog.webhooks()) await webhooks.#start(webhook);
    return webhooks;
  }

  async list(): Promise<Webhook[]> {
    return (await this.#options.catalog.webhooks()).map((webhook) => this.#shown(webhook));
  }

  /** The attempts to deliver events, by the name of the webhook. Counts begin again when a webhook is changed. */
  deliveries(): ReadonlyMap<string, Delivery['attempts']> {
    return new Map([...this.#running].map(([name, { delivery }]) => [name, delivery.attempts]));
  }

  /** Throws `no-such-webhook`. */
  async get(name: string): Promise<Webhook> {
    const webhook = (await this.list()).find((one) => one.name === name);
    if (webhook === undefined) throw new SkerryError('no-such-webhook', `there is no webhook ${name}`);
    return webhook;
  }

  /**
   * Creates or replaces a webhook. Without a secret in the request, an existing webhook keeps its secret, and a new one
   * gets one, which is in the response. Throws `bad-webhook` and `too-many-webhooks`.
   */
  set(name: string, { url, kinds, site, secret }: WebhookRequest): Promise<ChangedWebhook> {
    checkedUrl(url, this.#options.rules);
    const unknown = kinds?.find((kind) => !isEventKind(kind));
    if (unknown !== undefined) throw new SkerryError('bad-webhook', `there is no kind of events ${unknown}`);
    return this.#changes.run(name, async () => {
      const { catalog } = this.#options;
      const before = (await catalog.webhooks()).find((webhook) => webhook.name === name);
      const made = secret === undefined && before === undefined ? newSecret() : undefined;
      // The current loop stores its place before the new one reads it.
      await this.#stop(name);
      try {
        await catalog.putWebhook({
          ...{ name, url, kinds: kinds ?? null, site: site ?? null },
          secret: secret ?? before?.secret ?? made ?? newSecret(),
        });
      } finally {
        const now = (await catalog.webhooks()).find((webhook) => webhook.name === name);
        if (now !== undefined) await this.#start(now);
      }
      return { ...(await this.get(name)), ...(made !== undefined && { secret: made }) };
    });
  }

  /** Throws `no-such-webhook`. */
  delete(name: string): Promise<void> {
    return this.#changes.run(name, async () => {
      await this.#options.catalog.deleteWebhook(name);
      await this.#stop(name);
    });
  }

  /**
   * Asks the receiver of a webhook a question, which is signed as events are, and returns the text of its answer. Throws
   * `no-such-webhook`, and `unavailable` when there is no answer.
   */
  async ask(name: string, { type, data }: WebhookQuestion, signal: AbortSignal): Promise<string> {
    const { catalog, clock } = this.#options;
    const webhook = (await catalog.webhooks()).find((one) => one.name === name);
    if (webhook === undefined) throw new SkerryError('no-such-webhook', `there is no webhook ${name}`);
    const time = clock.now();
    const body = JSON.stringify({ type, timestamp: new Date(time).toISOString(), data });
    const id = `ask_${time}_${++this.#questions}`;
    const post = await this.#poster();
    const answer = await post.ask(
      webhook.url,
      body,
      signedHeaders(webhook.secret, { id, time, body }),
      signal,
    );
    if ('fault' in answer) throw new SkerryError('unavailable', answer.fault);
    return answer.text;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#stop(name)));
    await (await this.#post)?.close();
  }

  async #start(webhook: StoredWebhook): Promise<void> {
    const delivery = new Delivery(webhook, { ...this.#options, post: await this.#poster() });
    const ending = new AbortController();
    const ended = caller.run({ name: 'webhooks' }, () => delivery.run(ending.signal));
    this.#running.set(webhook.name, { delivery, ending, ended });
  }

  /** Most origins have no webhook, so the client is loaded with the first one. */
  #poster(): Promise<Post> {
    this.#post ??= import('./post.ts').then(({ Post }) => new Post(this.#options.rules));
    return this.#post;
  }

  async #stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    running?.ending.abort();
    await running?.ended;
    this.#running.delete(name);
  }

  #shown({ name, url, kinds, site, cursor }: StoredWebhook): Webhook {
    const state = this.#running.get(name)?.delivery.state ?? { delivered: cursor, failing: null };
    return { name, url, kinds: kinds === null ? null : [...kinds], site, ...state };
  }
}
