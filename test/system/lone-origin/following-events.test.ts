import t from 'tap';
import { followEvents, readEvents } from '../../../origin/client/event-calls.ts';
import type { Event } from '../../../shared/wire/event.ts';
import { cli } from '../../helpers/cli.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const origin = await loneOrigin(t);
const asAdmin = (...args: string[]) => cli([...args, '--origin', origin.url, '--token', origin.token]);

t.test('events and audit show what was done, and by whom', async (t) => {
  await origin.client.putSite('docs');
  await origin.put('docs', 'a.txt', 'one');
  await origin.client.purge('docs', { all: true });
  const { stdout } = await until('the purge', async () => {
    const shown = await asAdmin('events');
    return shown.stdout.includes('purge') && shown;
  });
  const [head, ...rows] = stdout.trim().split('\n');
  t.match(head, /^ID +TIME \(UTC\) +KIND +SITE +EDGE +CAUSE +WHAT$/);
  t.strictSame(
    rows.map((row) => /site-set|file-put|purge/.exec(row)?.[0]),
    ['site-set', 'file-put', 'purge'],
  );
  t.match(rows[1], /docs .*token [0-9a-f]{12} \(admin\) from 127\.0\.0\.1 .*path=a\.txt revision=1/);

  const json = async (...args: string[]) =>
    (JSON.parse((await asAdmin(...args, '--json')).stdout) as { events: Event[] }).events;
  const all = await json('audit');
  t.equal(all.length, 3);
  t.strictSame(await json('events', '--after', '0', '--limit', '2'), all.slice(0, 2));
  t.strictSame(await json('events', '--limit', '1'), all.slice(2));
  t.strictSame(await json('events', '--kind', 'purge', '--site', 'docs'), all.slice(2));
  t.strictSame(await json('events', '--edge', 'oslo'), []);
});

t.test('whoever follows gets each event once, whatever happens to the origin', async (t) => {
  const ending = new AbortController();
  const seen: Event[] = [];
  let losses = 0;
  const first = await readEvents(origin.client, 'events', { limit: 1 });
  const following = (async () => {
    const after = first.events[0]?.id ?? 0;
    const lost = () => losses++;
    for await (const event of followEvents(
      origin.client,
      'events',
      { after },
      { signal: ending.signal, lost },
    ))
      seen.push(event);
  })();
  await origin.put('docs', 'b.txt', 'two');
  await until('the first event', () => seen.length === 1);
  await origin.restart();
  await origin.put('docs', 'c.txt', 'three');
  await until('the second event', () => seen.length === 2);
  t.ok(losses >= 1);
  await origin.restart();
  await origin.client.putSite('other');
  await until('the third event', () => seen.length === 3);
  t.strictSame(
    seen.map(({ kind }) => kind),
    ['file-put', 'file-put', 'site-set'],
  );
  ending.abort(new Error('enough'));
  await t.rejects(following, { message: 'enough' });
});

t.test('an origin that is not there at first is an error', async (t) => {
  const [port] = await freePorts(1);
  const args = ['events', '--follow', '--origin', `http://127.0.0.1:${port}`, '--token', origin.token];
  const { code, stderr } = await cli(args);
  t.equal(code, 1);
  t.match(stderr, /the origin at http:\/\/127\.0\.0\.1:\d+ does not answer/);
  const refused = await cli([
    'events',
    '--follow',
    '--origin',
    origin.url,
    '--token',
    'sk_0123456789ab.wrong',
  ]);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /unknown, expired, revoked/);
});
