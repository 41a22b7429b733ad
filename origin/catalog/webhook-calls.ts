/** A receiver of events. */
export interface StoredWebhook {
  /** The id belongs to this webhook alone. A later webhook of the same name has another id. */
  readonly id: number;
  readonly name: string;
  readonly url: string;
  /** Null for every kind. */
  readonly kinds: readonly string[] | null;
  /** Null for all events, with or without a site. */
  readonly site: string | null;
  /** The key that signs its messages. The receiver has the same key. */
  readonly secret: string;
  /** All events up to this id are done. */
  readonly cursor: number;
}

export interface WebhookCalls {
  /** All webhooks by their names, ascending. */
  webhooks(): StoredWebhook[];
  /**
   * Creates a webhook, which receives the events from now on. Changes an existing one, which continues from the event
   * that it had reached. Throws `too-many-webhooks`.
   */
  putWebhook(webhook: Omit<StoredWebhook, 'id' | 'cursor'>): StoredWebhook;
  /** Throws `no-such-webhook`. */
  deleteWebhook(name: string): void;
  /** Records that all events up to the cursor are done. Ignores a deleted webhook. */
  moveWebhook(id: number, cursor: number): void;
}
