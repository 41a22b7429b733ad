import { join } from 'node:path';
import { ask } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import type { Attack } from './attack.ts';
import { askForHead } from './request-bytes.ts';
import { serverOf, type Target } from './target.ts';

const SPLATS = ':splat'.repeat(660);
const LONG_PATH = `/${'x'.repeat(15_000)}`;
/** No sound server sends a longer head. */
const MOST_HEAD = 64 * 1024;

/** Publishes a site with a rules file, and makes the parent fetch it. */
async function filled({ cluster, parent }: Target, site: string, name: string, rules: string) {
  const folder = await writeTree(join(cluster.folder, site), { 'index.html': 'home', [name]: rules });
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', site, '--wait');
  if (code !== 0) return { refused: `publish: ${stderr.trim().slice(0, 80)}` };
  const answer = await askForHead(serverOf(parent.url), LONG_PATH, `${site}.localhost`);
  if (answer === undefined) return { refused: 'no answer' };
  const { status, bytes } = answer;
  return {
    refused: `${status}, a head of ${bytes} bytes`,
    gained: bytes > MOST_HEAD ? `a head of ${(bytes / 1e6).toFixed(1)} MB` : undefined,
  };
}

async function takeName({ cluster, origin }: Target, claim: string) {
  await cluster.client.putSite('names-b', { domains: ['*.b.test'] });
  await cluster.client.putSite('names-a');
  const { token } = await cluster.client.createToken({ scope: 'publish:names-a' });
  const { status } = await ask(origin.url, '/v1/sites/names-a', {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ domains: [claim] }),
  });
  return { refused: String(status), gained: status < 300 ? `the name ${claim}` : undefined };
}

export const rules: readonly Attack[] = [
  {
    name: 'a crafted _headers and a long path',
    point: '6',
    run: (target) => {
      const lines = Array.from({ length: 120 }, (_, i) => `  x-${i}: ${SPLATS}`).join('\n');
      return filled(target, 'crafted-headers', '_headers', `/*\n${lines}\n`);
    },
  },
  {
    name: 'a crafted _redirects and a long path',
    point: '6',
    run: (target) => filled(target, 'crafted-redirects', '_redirects', `/* /${SPLATS} 302\n`),
  },
  {
    name: 'a name below the wildcard of another site',
    point: '7',
    run: (target) => takeName(target, 'login.b.test'),
  },
  { name: 'a public suffix as a wildcard', point: '7', run: (target) => takeName(target, '*.co.uk') },
];
