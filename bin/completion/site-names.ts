import type { ClientOptions } from '../options/client-command.ts';

/** A person waits for the answer with a finger on the Tab key. */
const WAIT_MS = 1000;

/** The names of the sites that the token may read. None if the origin does not answer in time, or refuses. */
export async function siteNames({ origin, token, insecure = false, ca }: ClientOptions): Promise<string[]> {
  try {
    const { ApiClient } = await import('../../origin/client/api-client.ts');
    const authorities =
      ca === undefined ? undefined : (await import('../../shared/tls/ca-file.ts')).readAuthorities(ca);
    const client = new ApiClient(origin, token, AbortSignal.timeout(WAIT_MS), {
      ...{ insecure, ca: authorities },
    });
    try {
      return (await client.sites()).map(({ name }) => name);
    } finally {
      await client.close();
    }
  } catch {
    // A message would appear in the middle of the line that the person types.
    return [];
  }
}
