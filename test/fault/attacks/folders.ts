import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishFolder } from '../../../origin/client/folder/publish-folder.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { startHashThreads } from '../../../shared/hashing/hash-threads.ts';
import { raceForLinks } from '../../helpers/folder-racer.ts';
import { writeTree } from '../../helpers/tree.ts';
import type { Attack, Outcome } from './attack.ts';
import type { Target } from './target.ts';

const SECRET = 'a secret of another user';
const SITE = 'raced';
const RACE_MS = 5000;

/** Publishes while another process swaps files and folders for links, and then checks the content of each revision. */
async function race({ cluster: { folder: base, client } }: Target): Promise<Outcome> {
  const folder = await writeTree(join(base, SITE), { 'a.txt': 'published', sub: '', 'index.html': 'home' });
  const outside = join(base, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'a.txt'), SECRET);
  await writeFile(join(outside, 'sub'), SECRET);
  await client.putSite(SITE);
  const hashThreads = startHashThreads(1);
  const stop = await raceForLinks({ folder, spare: join(base, 'spare'), outside, names: ['a.txt', 'sub'] });
  const parts = {
    ...{ client, hashThreads, site: SITE, commit: {}, progress: () => {} },
    signal: new AbortController().signal,
  };
  let published = 0;
  let refused = 0;
  try {
    const end = performance.now() + RACE_MS;
    while (performance.now() < end)
      await publishFolder(parts, folder).then(
        () => published++,
        () => refused++,
      );
  } finally {
    await stop();
    await hashThreads.close();
  }
  return {
    refused: `${refused} publishes refused, ${published} sound`,
    gained: (await holdsSecret(client)) ? 'a file from outside the folder' : undefined,
  };
}

async function holdsSecret(client: Target['cluster']['client']): Promise<boolean> {
  const secret = digestOf(SECRET);
  for (const { revision } of await client.revisions(SITE))
    for await (const { digest } of client.manifest(SITE, revision)) if (digest === secret) return true;
  return false;
}

export const folders: readonly Attack[] = [
  { name: 'links put in the place of what is published', point: '12', run: race },
];
