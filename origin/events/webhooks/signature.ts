import { createHmac, randomBytes } from 'node:crypto';

/** Signatures as Standard Webhooks defines them: https://www.standardwebhooks.com */

const PREFIX = 'whsec_';

export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

/** The headers of one attempt to deliver a message. `id` is the same in every attempt; `time` is in milliseconds. */
export function signedHeaders(
  secret: string,
  { id, time, body }: { readonly id: string; readonly time: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(time / 1000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
