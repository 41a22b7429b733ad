import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { aliasOf } from '../../../origin/client/alias-calls.ts';
import { type Answer, ask } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { child, cluster, parent } from './cluster.ts';

const SITE = 'drafted';
const edges = [parent, child];

interface Published {
  readonly revision: number;
  readonly outcome: string;
  readonly unchanged: boolean;
  readonly alias?: { readonly name: string; readonly hosts: readonly string[] };
}

async function skerry<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cluster.skerry(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

async function publish(page: string, ...args: string[]): Promise<Published> {
  await rm(join(cluster.folder, SITE), { recursive: true, force: true });
  const folder = await writeTree(join(cluster.folder, SITE), {
    'index.html': page,
    'big.bin': page.repeat(400_000),
  });
  return skerry('publish', folder, '--site', SITE, ...args);
}

const at = (edge: { url: string }, host: string, path = '/index.html') =>
  ask(edge.url, path, { headers: { host } });
const live = `${SITE}.localhost`;
const hostOf = (alias: string) => `${alias}--${SITE}.localhost`;

/** Waits until every edge answers like this. */
async function everywhere(host: string, what: string, is: (answer: Answer) => boolean): Promise<void> {
  for (const edge of edges)
    await until(`${edge.name} to answer ${host} with ${what}`, async () => is(await at(edge, host)));
}
const shows = (host: string, page: string) =>
  everywhere(host, page, ({ status, body }) => status === 200 && body.toString() === page);
let second = '';
const isGone = (host: string) => everywhere(host, '404', ({ status }) => status === 404);

t.test('a draft is shown under its alias alone, on every edge', async (t) => {
  await publish('one', '--wait');
  const draft = await publish('two', '--alias', 'pr-1', '--wait');
  t.match(draft, { outcome: 'draft', unchanged: false, alias: { name: 'pr-1', hosts: [hostOf('pr-1')] } });
  const { edges: shown } = await aliasOf(cluster.client, SITE, 'pr-1');
  const { revision } = draft;
  t.match(
    shown,
    edges.map(({ name }) => ({ edge: name, revision, pendingBytes: 0, error: null })),
  );
  for (const edge of edges) {
    const { headers, body: page } = await at(edge, hostOf('pr-1'));
    t.equal(page.toString(), 'two', 'without waiting any further');
    t.match(headers, { 'x-robots-tag': 'noindex', 'skerry-revision': `${SITE}@${draft.revision}` });
    t.equal((await at(edge, hostOf('pr-1'), '/big.bin')).body.length, 3 * 400_000);
    const { body, headers: own } = await at(edge, live);
    t.equal(body.toString(), 'one');
    t.equal(own['x-robots-tag'], undefined);
    t.equal((await at(edge, hostOf('pr-2'))).status, 404, 'an alias that does not exist shows nothing');
  }
});

t.test('what is published next builds on what is live', async (t) => {
  const { revision } = await publish('three', '--wait');
  await shows(live, 'three');
  await shows(hostOf('pr-1'), 'two');
  const put = await ask(cluster.origin.url, `/v1/sites/${SITE}/files/more.txt`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${cluster.token}` },
    body: 'more',
  });
  t.equal(put.status, 200);
  await cluster.converged(SITE);
  for (const edge of edges) {
    t.equal((await at(edge, live, '/more.txt')).body.toString(), 'more');
    t.equal((await at(edge, live)).body.toString(), 'three', `not what a draft before ${revision} had`);
    t.equal((await at(edge, hostOf('pr-1'), '/more.txt')).status, 404);
  }
});

t.test('a draft that is older than what is live becomes live under a new number', async (t) => {
  const before = await cluster.client.site(SITE);
  const { revision, outcome } = await skerry<Published>('activate', `${SITE}@pr-1`);
  t.equal(outcome, 'live');
  t.ok(revision > before.revision);
  await shows(live, 'two');
  await shows(hostOf('pr-1'), 'two');
});

t.test('a draft that is newer becomes live by its own number', async (t) => {
  const draft = await publish('four', '--draft');
  const alias = `rev-${draft.revision}`;
  second = alias;
  t.equal(draft.alias?.name, alias);
  await shows(hostOf(alias), 'four');
  const { revision } = await skerry<Published>('activate', `${SITE}@${draft.revision}`);
  t.equal(revision, draft.revision);
  await shows(live, 'four');
  await cluster.converged(SITE);
});

t.test('an alias moves, and shows the old revision until the new one is there', async (t) => {
  const moved = await publish('five', '--alias', 'pr-1', '--wait-for', '2');
  await shows(hostOf('pr-1'), 'five');
  const again = await publish('five', '--alias', 'pr-1');
  t.match(again, { unchanged: true, revision: moved.revision });
  // The content of the live revision needs no new one.
  const same = await publish('four', '--alias', 'same');
  t.match(same, { unchanged: true, revision: (await cluster.client.site(SITE)).revision });
  await shows(hostOf('same'), 'four');
});

t.test('an alias may name a revision of the past', async () => {
  await skerry('aliases', SITE, '--set', 'past', '--revision', '1');
  await shows(hostOf('past'), 'one');
  await shows(live, 'four');
});

t.test('edges show their aliases after a restart, also without the origin', async () => {
  await cluster.origin.stop('SIGKILL');
  for (const edge of edges) await edge.stop('SIGKILL');
  for (const edge of edges) await edge.start();
  await shows(hostOf('pr-1'), 'five');
  await shows(hostOf('past'), 'one');
  await shows(live, 'four');
  await cluster.origin.start();
});

t.test('an alias that is removed shows nothing, and what it named is given up', async (t) => {
  await skerry('aliases', SITE, '--remove', 'pr-1');
  await isGone(hostOf('pr-1'));
  await shows(live, 'four');
  await publish('six', '--wait');
  await shows(live, 'six');
  await shows(hostOf('past'), 'one');
  const { aliases } = await skerry<{ aliases: { name: string }[] }>('aliases', SITE);
  t.strictSame(aliases.map(({ name }) => name).sort(), ['past', second, 'same'].sort());
});

t.test('a new edge takes in what aliases name from a checkpoint', async (t) => {
  await skerry('prune', '--log');
  await child.stop();
  await rm(child.data, { recursive: true, force: true });
  const { code, stdout } = await cluster.skerry('edge', 'replace', child.name);
  t.equal(code, 0);
  await child.start('--join', stdout.trim());
  await shows(hostOf('past'), 'one');
  await shows(live, 'six');
});

t.test('what cannot be is refused', async (t) => {
  const table: [args: string[], stderr: RegExp][] = [
    [['activate', SITE], /not SITE@REVISION/],
    [['activate', `${SITE}@nowhere`], /there is no alias nowhere/],
    [['activate', `${SITE}@99`], /there is no revision 99/],
    [['aliases', SITE, '--set', 'a--b', '--revision', '1'], /not a name for an alias/],
    [['aliases', SITE, '--set', 'pr-9'], /--set needs --revision/],
    [['aliases', SITE, '--remove', 'nowhere'], /there is no alias nowhere/],
    [['publish', cluster.folder, '--site', SITE, '--draft', '--mode', 'sync'], /a draft has no --mode/],
    [['publish', cluster.folder, '--site', SITE, '--days', '3'], /--days belongs to/],
  ];
  for (const [args, stderr] of table)
    t.match(await cluster.skerry(...args), { code: /[12]/, stderr }, args.join(' '));
});
