import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { Site } from '../../../shared/wire/api.ts';
import type { ApiClient } from '../api-client.ts';
import type { Patience } from './patience.ts';

/** Together with what finds out that an origin is lost it ends within the 15 seconds that a command may take then. */
const TAKE_BACK_MS = 4000;

/** Undefined when there is none of that name. */
export async function existingSite(client: ApiClient, name: string): Promise<Site | undefined> {
  try {
    return await client.site(name);
  } catch (error) {
    if (hasCode(error, 'no-such-site')) return undefined;
    throw error;
  }
}

/**
 * Creates a site, if the token may, and publishes into it. What is refused or broken off then leaves no site: one
 * without a revision answers its readers 503.
 */
export async function inNewSite<T>(
  client: ApiClient,
  name: string,
  patience: Patience,
  publish: () => Promise<T>,
): Promise<T> {
  let isCreated = false;
  try {
    await patience(() => client.putSite(name));
    isCreated = true;
    return await publish();
  } catch (error) {
    // A request that was broken off, and not refused, may have created it.
    if (isCreated || !(error instanceof SkerryError)) await takeBack(client, name);
    throw error;
  }
}

async function takeBack(client: ApiClient, name: string): Promise<void> {
  // The client's own signal has aborted when the publish was broken off.
  const signal = AbortSignal.timeout(TAKE_BACK_MS);
  // The origin keeps a site that has something by now: the answer to a commit may have been lost.
  await client.deleteSite(name, { unpublished: true, signal }).catch(() => {});
}
