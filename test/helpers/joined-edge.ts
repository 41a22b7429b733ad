import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { joinLog } from '../../edge/follow/upstream/first-join.ts';
import { systemClock } from '../../shared/clock.ts';
import { keyInFile } from '../../shared/signing/key-file.ts';
import type { LoneOrigin } from './lone-origin.ts';

/** Joins as an edge, and leaves what tells who it is in the data folder. The edge does not run. */
export async function joinEdgeFolder(
  { url, client }: Pick<LoneOrigin, 'url' | 'client'>,
  data: string,
  name: string,
): Promise<void> {
  await mkdir(data, { recursive: true });
  const { token } = await client.createToken({ scope: 'join', edge: name });
  await joinLog({
    options: { origin: url, name, region: 'r', lat: null, lon: null, token: async () => token },
    key: await keyInFile(join(data, 'edge-key.pem'), false),
    catalog: { begin: async () => {} },
    identityFile: join(data, 'identity.json'),
    ca: undefined,
    clock: systemClock,
  });
}
