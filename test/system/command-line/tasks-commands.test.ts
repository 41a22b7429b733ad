import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { EdgeDouble } from '../../helpers/edge-double.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

/** The commands for tasks, at an origin whose only edge is away. */
const origin = await loneOrigin(t);
await EdgeDouble.join(origin, 'oslo');

const skerry = (...args: string[]) => cli([...args, '--origin', origin.url, '--token', origin.token]);
const create = (...args: string[]) => skerry('tasks', 'create', 'verify', '--arg', 'repair=false', ...args);

t.test('a task from its creation to its end', async (t) => {
  t.match(await create('--edge', 'oslo', '--deadline', '1h'), {
    code: 0,
    stdout: 'task 1 is created: see `skerry tasks follow 1`\n',
  });
  t.match(JSON.parse((await create('--all', '--json')).stdout), {
    id: 2,
    state: 'queued',
    target: { all: true },
  });

  const shown = await skerry('tasks', 'show', '1');
  t.match(
    shown.stdout,
    /^task 1: verify for oslo, queued\ncause: token [0-9a-f]{12}\narguments: \{"repair":false\}\n/,
  );
  t.match(shown.stdout, /^EDGE +STATE +ATTEMPTS +RESULT\noslo +queued +0 +waits for the edge\n$/m);
  t.match(JSON.parse((await skerry('tasks', 'show', '1', '--json')).stdout), {
    id: 1,
    shares: [{ share: 0, edge: 'oslo', state: 'queued', attempts: 0, result: null }],
  });

  t.match(await skerry('tasks', 'cancel', '2'), { code: 0, stdout: 'task 2 is cancelled\n' });
  for (const command of [['tasks'], ['tasks', 'list']]) {
    const { stdout } = await skerry(...command);
    t.match(
      stdout,
      /^TASK +KIND +STATE +FOR +CREATED \(UTC\) .*\n +2 +verify +cancelled +all edges .*\n +1 +verify +queued +oslo /,
    );
    t.match(JSON.parse((await skerry(...command, '--json', '--state', 'open')).stdout).tasks, [{ id: 1 }]);
  }
  t.match(JSON.parse((await skerry('tasks', 'list', '--kind', 'warm', '--json')).stdout), { tasks: [] });
  const first = await skerry('tasks', '--limit', '1');
  t.equal(first.stdout.split('\n').length, 3);
  t.match(first.stderr, 'There are older tasks. --limit shows more.\n');
  t.equal((await skerry('tasks', '--limit', '2')).stderr, '');

  const followed = await skerry('tasks', 'follow', '2');
  t.match(followed, { code: 1, stdout: /^task 2: verify for all edges, cancelled\n/ });
  t.match(followed.stderr, /^oslo: cancelled\nskerry: task 2 was cancelled\. .*skerry tasks retry ID/);
  t.match(await skerry('tasks', 'retry', '2'), { code: 0, stdout: 'task 2 is queued\n' });
});

t.test('a deadline ends what an edge that is away has not begun', async (t) => {
  const following = skerry('tasks', 'follow', '1');
  const verifying = skerry('verify', 'oslo', '--deadline', '10m', '--json');
  const waiting = create('--any', '--wait', '--deadline', '30m');
  const open = async () => (await origin.client.tasks.list({ state: 'open' }, 10)).tasks;
  await until('both tasks to be created', async () => (await open()).length === 4);
  origin.clock.advance(2 * 3_600_000);

  const expired = /expired: .*no edge has begun before the deadline.* See `skerry edges`/;
  t.match(await following, { code: 3, stdout: /^task 1: verify for oslo, expired\n/, stderr: expired });
  const verified = await verifying;
  t.match(verified, { code: 3, stderr: expired });
  t.match(JSON.parse(verified.stdout), {
    ...{ state: 'expired', isSound: false, unsound: [], objects: 0 },
    edges: [{ edge: 'oslo', state: 'expired', result: { code: 'task-expired' } }],
  });
  t.match(await waiting, { code: 3, stdout: /^task \d+: verify for any edge, expired\n/, stderr: expired });
});

t.test('what is wrong is refused before anything is asked', async (t) => {
  const table: [number, string[], RegExp][] = [
    [2, ['tasks', 'show'], /missing required argument/],
    [2, ['tasks', 'show', 'x'], /'x' is invalid .*Give a whole number/],
    [2, ['tasks', 'follow', '0'], /Give a whole number/],
    [2, ['tasks', 'list', '--state', 'ended'], /--state .*Allowed choices are open/],
    [2, ['tasks', 'list', '--kind', 'A'], /Give a kind of task/],
    [2, ['tasks', 'create', 'verify', '--any', '--deadline', '5s'], /Give a time from 10s to 30d/],
    [2, ['tasks', 'create', 'verify', '--any', '--arg', 'repair'], /Give NAME=VALUE/],
    [1, ['tasks', 'create', 'verify'], /give one of --edge, --region, --label, --all and --any/],
    [1, ['tasks', 'create', 'verify', '--any', '--all'], /give one of/],
    [1, ['tasks', 'create', 'verify', '--edge', 'A'], /"A" cannot be the name of an edge/],
    [1, ['tasks', 'show', '99'], /there is no task 99\. See `skerry tasks list`/],
    [1, ['tasks', 'follow', '99'], /there is no task 99/],
    [1, ['tasks', 'cancel', '99'], /there is no task 99/],
    [1, ['tasks', 'retry', '99'], /there is no task 99/],
    [1, ['tasks', 'create', 'dance', '--any'], /there is no kind of task dance; the kinds are .*verify/],
    [1, ['verify', 'rome'], /there is no edge rome/],
    [1, ['warm', 'nothing'], /there is no site nothing/],
    [
      1,
      ['verify', 'oslo', '--admin', 'http://127.0.0.1:1'],
      /give either --admin, for one edge, or the names/,
    ],
    [1, ['warm', 'docs', '--edge', 'oslo', '--admin', 'http://127.0.0.1:1'], /give either --admin/],
    [1, ['verify', '--admin', 'oslo'], /"oslo" is not the URL of an admin port/],
    [1, ['verify', '--admin', 'http://127.0.0.1:1'], /no answer from the admin port/],
  ];
  const before = (await origin.client.tasks.list({}, 100)).tasks.length;
  for (const [code, args, why] of table)
    t.match(await skerry(...args), { code, stderr: why }, args.join(' '));
  t.equal((await origin.client.tasks.list({}, 100)).tasks.length, before);
  await origin.client.putSite('docs');
  const { token } = await origin.client.createToken({ scope: 'read' });
  const asReader = (...args: string[]) => cli([...args, '--origin', origin.url, '--token', token]);
  t.match(await asReader('tasks'), { code: 0 });
  for (const args of [['verify'], ['warm', 'docs'], ['tasks', 'cancel', '1'], ['tasks', 'retry', '1']])
    t.match(await asReader(...args), { code: 1, stderr: /it needs admin\./ }, args.join(' '));
});

t.test('what the origin would do by itself', async (t) => {
  t.strictSame(await skerry('tasks', 'plan'), {
    ...{ code: 0, stdout: 'The origin would do nothing.\n', stderr: '' },
  });
  t.match(JSON.parse((await skerry('tasks', 'plan', '--json')).stdout), { actions: [], more: 0 });
});
