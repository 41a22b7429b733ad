import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { Site } from '../../../shared/wire/api.ts';
import type { ApiClient } from '../api-client.ts';
import type { Patience } from './patience.ts';

/**
 * The time limit for removing the site again. Together with the time to notice that the origin is lost, it stays within
 * the 15 seconds that a command may take.
 */
const TAKE_BACK_MS = 4000;

/** Undefined when there is no site of that name. */
export async function existingSite(client: ApiClient, name: string): Promise<Site | undefined> {
  try {
    return await client.site(name);
  } catch (error) {
    if (hasCode(error, 'no-such-site')) return undefined;
    throw error;
  }
}

/**
 * Creates a site, if the token permits it, and publishes into it. When the publish is refused, the site is removed
 * again, because readers of a site without a revision get a 503. When it is interrupted, it is removed unless
 * `hasSent`: its objects need not be sent again when the publish is repeated.
 */
export async function inNewSite<T>(
  client: ApiClient,
  name: string,
  patience: Patience,
  publish: () => Promise<T>,
  hasSent: () => boolean,
): Promise<T> {
  let isCreated = false;
  try {
    await patience(() => client.putSite(name));
    isCreated = true;
    return await publish();
  } catch (error) {
    const isRefused = error instanceof SkerryError && error.code !== 'origin-unreachable';
    // A request that was interrupted rather than refused may have created the site.
    const mayExist = isCreated || !(error instanceof SkerryError);
    if (mayExist && (isRefused || !hasSent())) await takeBack(client, name);
    throw error;
  }
}

async function takeBack(client: ApiClient, name: string): Promise<void> {
  // The client's own signal has aborted when the publish was interrupted.
  const signal = AbortSignal.timeout(TAKE_BACK_MS);
  // The origin refuses to delete a site that has content, because a commit may have succeeded although its response was
  // lost.
  await client.deleteSite(name, { unpublished: true, signal }).catch(() => {});
}
