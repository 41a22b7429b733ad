import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';

t.test('the modes, from the command line, with real edges', async (t) => {
  const cluster = await startCluster({ edges: 2 });
  t.teardown(() => cluster.close());
  const { skerry } = cluster;
  const publish = async (content: string, ...flags: string[]) => {
    const folder = await writeTree(join(cluster.folder, 'tree'), { 'index.html': content });
    return skerry('publish', folder, '--site', 'docs', ...flags);
  };
  const shown = async () =>
    Promise.all(cluster.edges.map(async ({ url }) => (await read(url, 'docs', '')).body.toString()));

  // Far from any time at which this test may run: inside a window a batch would go out at once.
  const opens = `${String((new Date().getUTCHours() + 12) % 24).padStart(2, '0')}:00:00`;
  const sync = ['--mode', 'sync', '--timeout', '20', '--domain', 'docs.example'];
  t.match(
    await skerry('sites', 'set', 'docs', ...sync, '--window', `0 ${Number.parseInt(opens, 10)} * * *`),
    {
      code: 0,
      stdout: /docs +0 .* sync +docs\.example/,
    },
  );
  const first = await publish('one');
  t.equal(first.code, 0, first.stderr);
  t.match(
    first.stdout,
    /revision 1 is live, visible on 2 of 2 edges .*\n {2}edge-1 {2}visible\n {2}edge-2 {2}visible\n/,
  );
  t.strictSame(await shown(), ['one', 'one'], 'no wait is needed');

  t.match(await publish('two', '--mode', 'batch'), {
    code: 0,
    stdout: new RegExp(`revision 2 waits until \\S+ ${opens} utc \\(1 file`),
  });
  t.match((await skerry('status')).stdout, new RegExp(`docs +1 .* sync +2 opens \\S+ ${opens} utc`));
  t.strictSame(await shown(), ['one', 'one']);
  t.match(await publish('two', '--mode', 'batch', '--now', '--wait'), {
    code: 0,
    stdout: /nothing changed, revision 2 is live\n {2}http:\/\/docs\.example\/\nvisible on 2 online edges/,
  });
  t.strictSame(await shown(), ['two', 'two']);

  t.match(await skerry('edge', 'pause', 'edge-2'), { code: 0, stdout: 'edge edge-2 is paused\n' });
  t.match(
    (await publish('three')).stdout,
    /visible on 1 of 1 edge .*\n {2}edge-1 {2}visible\n {2}http:\/\/docs\.example\/\n$/,
  );
  t.strictSame(await shown(), ['three', 'two'], 'a paused edge serves on');
  t.match(await skerry('receipts', 'docs'), {
    code: 0,
    stdout: /^edge-1 +20.* all +.*\nedge-2 +no receipt$/m,
  });
  t.match(JSON.parse((await skerry('receipts', 'docs@1', '--json')).stdout), { revision: 1, missing: [] });
  t.match(await skerry('receipts', 'docs@99'), { code: 1, stderr: /no revision 99/ });
  t.match((await skerry('edges')).stdout, /edge-2 +r1 +online, paused/);
  await skerry('edge', 'pause', 'edge-1');
  const aborted = await publish('four');
  t.match(aborted, {
    code: 1,
    stderr: /revision 4 of docs was aborted: no edge that holds a lease replicates it/,
  });
  t.strictSame(await shown(), ['three', 'two']);
  for (const edge of ['edge-1', 'edge-2']) await skerry('edge', 'resume', edge);
  t.match(await skerry('rollback', 'docs', '--to', '1'), {
    code: 0,
    stdout: /revision 5 is live, visible on 2 of 2/,
  });
  t.strictSame(await shown(), ['one', 'one']);

  const log = (await skerry('log', '--limit', '100')).stdout;
  for (const line of [
    /revision +1 +4 .* sync\n/,
    /abort +1 +4 .* no edge that holds a lease replicates it\n/,
    /activate +1 +2 .* batch, by hand\n/,
    /outcome +1 +5 .* visible: edge-1 edge-2\n/,
    /member .* edge-1 paused\n/,
  ])
    t.match(log, line);
  t.match((await skerry('revisions', 'docs')).stdout, /^ +4 .* aborted$/m);
  t.match(await skerry('edge', 'revoke', 'edge-2'), { code: 0, stdout: 'edge edge-2 is revoked\n' });
  t.match((await skerry('status')).stdout, /edge-2 +r1 +revoked/);
  t.match(await skerry('edge', 'revoke', 'nobody'), { code: 1, stderr: /there is no edge nobody/ });
  t.match(await skerry('sites', 'set', 'docs', '--window', 'never'), {
    code: 1,
    stderr: /is not a schedule/,
  });
  t.match(await skerry('sites', 'set', 'docs', '--mode', 'soon'), { code: 2 });
});
