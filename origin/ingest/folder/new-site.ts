import type { Site } from '../../../shared/api.ts';
import { hasCode } from '../../../shared/errors.ts';
import type { ApiClient } from '../../client/api-client.ts';

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
 * Publishes, into a site that is created if it is missing and the token may. What is refused then leaves no site:
 * one without a revision answers its readers 503.
 */
export async function inSite<T>(
  client: ApiClient,
  name: string,
  site: Site | undefined,
  publish: () => Promise<T>,
): Promise<T> {
  if (site !== undefined) return publish();
  await client.putSite(name);
  try {
    return await publish();
  } catch (error) {
    // The origin keeps a site that has something by now: the answer to a commit may have been lost.
    await client.deleteSite(name, { unpublished: true }).catch(() => {});
    throw error;
  }
}
