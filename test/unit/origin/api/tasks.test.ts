import { pino } from 'pino';
import t, { type Test } from 'tap';
import { FailedAttempts } from '../../../../origin/access/failed-attempts.ts';
import type { ApiContext } from '../../../../origin/api/context.ts';
import { taskRoutes } from '../../../../origin/api/tasks.ts';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { TaskBoard } from '../../../../origin/tasks/task-board.ts';
import type { TaskEdge } from '../../../../origin/tasks/task-plan.ts';
import { Tasks } from '../../../../origin/tasks/tasks.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import type { HttpServer } from '../../../../shared/http/server.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import { secretHash } from '../../../../shared/wire/join-proof.ts';
import type { ActionPlan } from '../../../../shared/wire/task-api.ts';
import { MAX_TASK_ARGUMENT_BYTES } from '../../../../shared/work/assignment.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';

const SECRET = 's'.repeat(32);
const IDS = { admin: '0123456789ab', read: 'ba9876543210', 'publish:docs': 'aaaaaaaaaaaa' };
type Scope = keyof typeof IDS;

const edge = (name: string, changes: Partial<TaskEdge> = {}): TaskEdge => ({
  ...{ name, region: 'north', labels: [], isRevoked: false, isOnline: false, silentFor: 0 },
  ...{ isFree: true, kinds: ['verify', 'warm'], sites: null, load: 0 },
  ...changes,
});

const PLAN: ActionPlan = {
  time: 5,
  actions: [
    {
      ...{ key: 'prune oslo', when: 'now', cause: 'the disk of oslo is 93 % full' },
      request: { kind: 'prune', args: {}, target: { edges: ['oslo'] } },
    },
  ],
  more: 0,
};

/** The routes over a catalog in memory. Nothing is planned, so the shares stay queued. */
async function routes(t: Test, edges: readonly TaskEdge[]) {
  const clock = turnedClock();
  const database = openDatabase(':memory:', migrations);
  const catalog = asRemote(sqliteCalls(database, signerWith(generateSigningKey())));
  const known = () => new Map(edges.map((one) => [one.name, one]));
  const log = pino({ enabled: false });
  const board = await TaskBoard.open({
    catalog,
    clock,
    edges: known,
    call: () => {},
    note: () => {},
    counted: () => {},
    log,
  });
  const acts: unknown[] = [];
  const context = {
    clock,
    attempts: new FailedAttempts(clock),
    tokenUse: { used: () => {} },
    catalog: {
      token: async (id: string) => {
        const scope = Object.entries(IDS).find(([, one]) => one === id)?.[0];
        return { id, secretHash: secretHash(SECRET), scope, revoked: false, expires: null, usedBy: null };
      },
    },
    tasks: new Tasks({ board, catalog, edges: known, clock }),
    reconciler: { plan: async () => PLAN },
    noteAct: (act: string, what: object) => acts.push({ act, ...what }),
  } as unknown as ApiContext;
  const app = httpServer(log, { clock, forceCloseConnections: true });
  app.decorateRequest('token', null);
  taskRoutes(app as HttpServer, context);
  t.teardown(async () => {
    await app.close();
    database.close();
  });
  const send = async (method: 'GET' | 'POST', url: string, payload?: object, scope: Scope = 'admin') => {
    const headers = { authorization: `Bearer sk_${IDS[scope]}.${SECRET}` };
    const answer = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  return { send, acts, clock };
}

const verify = { kind: 'verify', args: { repair: false } };

t.test('a task is created, shown, cancelled and begun again', async (t) => {
  const { send, acts, clock } = await routes(t, [edge('oslo'), edge('rome')]);
  const created = await send('POST', '/v1/tasks', { ...verify, target: { all: true }, deadline: 60 });
  t.match(created, { status: 201, headers: { location: '/v1/tasks/1' } });
  t.match(created.body, { id: 1, kind: 'verify', args: { repair: false }, target: { all: true } });
  t.match(created.body, { state: 'queued', ended: null });
  t.equal(created.body.deadline - created.body.created, 60_000);

  const shown = await send('GET', '/v1/tasks/1', undefined, 'read');
  const queued = { state: 'queued', attempts: 0, progress: null, result: null };
  t.strictSame(shown.body.shares, [
    { share: 0, edge: 'oslo', ...queued },
    { share: 1, edge: 'rome', ...queued },
  ]);
  t.equal(shown.body.next, null);

  for (const _ of ['once', 'again'])
    t.match(await send('POST', '/v1/tasks/1/cancel'), { status: 200, body: { state: 'cancelled' } });
  t.match((await send('GET', '/v1/tasks/1')).body.shares, [{ state: 'cancelled' }, { state: 'cancelled' }]);

  clock.advance(3_600_000);
  const again = await send('POST', '/v1/tasks/1/retry');
  t.match(again, { status: 200, body: { state: 'queued', ended: null } });
  t.ok(again.body.deadline > clock.now(), 'the deadline counts from now');
  t.match(acts, [
    { act: 'task-create', task: 1, kind: 'verify', target: { all: true } },
    ...[{ act: 'task-cancel', task: 1 }, { act: 'task-cancel' }, { act: 'task-retry', task: 1 }],
  ]);
});

t.test('who may do what', async (t) => {
  const { send, acts } = await routes(t, [edge('oslo')]);
  const body = { ...verify, target: { all: true } };
  for (const scope of ['read', 'publish:docs'] as const) {
    t.match(await send('POST', '/v1/tasks', body, scope), { status: 403 }, scope);
    for (const verb of ['cancel', 'retry'])
      t.match(await send('POST', `/v1/tasks/1/${verb}`, undefined, scope), { status: 403 }, scope);
  }
  for (const path of ['/v1/tasks', '/v1/tasks/1'])
    t.match(await send('GET', path, undefined, 'publish:docs'), { status: 403 }, path);
  t.strictSame(acts, []);
  t.strictSame((await send('GET', '/v1/tasks', undefined, 'read')).body, { tasks: [], next: null });
});

t.test('a wrong request creates nothing', async (t) => {
  const { send } = await routes(t, [edge('oslo'), edge('gone', { isRevoked: true })]);
  const target = { all: true };
  const bad: [object, number, RegExp][] = [
    [{ kind: 'dance', target }, 400, /no kind of task dance; the kinds are .*verify/],
    [{ kind: 'purge', target }, 400, /no kind of task purge/],
    [{ kind: 'verify', target }, 400, /repair/],
    [{ kind: 'verify', args: { repair: 'yes' }, target }, 400, /repair/],
    [{ ...verify, args: { repair: true, more: 1 }, target }, 400, /additional|more/],
    [verify, 400, /target/],
    [{ ...verify, target: { all: true, any: true } }, 400, /target/],
    [{ ...verify, target: { edges: [] } }, 400, /target/],
    [{ ...verify, target: { edges: ['oslo', 'nope'] } }, 404, /no edge nope/],
    [{ ...verify, target: { edges: ['gone'] } }, 404, /no edge gone/],
    [{ ...verify, target: { region: 'south' } }, 404, /the region south/],
    [{ ...verify, target: { label: 'canary' } }, 404, /the label canary/],
    [{ ...verify, target, deadline: 9 }, 400, /deadline/],
    [{ ...verify, target, deadline: 30 * 86_400 + 1 }, 400, /deadline/],
    [{ ...verify, target, extra: 1 }, 400, /extra|additional/],
  ];
  for (const [body, status, why] of bad) {
    const answer = await send('POST', '/v1/tasks', body);
    t.equal(answer.status, status, JSON.stringify(body));
    t.match(`${answer.body.title} ${answer.body.detail}`, why, JSON.stringify(body));
  }
  const paths = Array.from({ length: 17 }, () => `/${'x'.repeat(MAX_TASK_ARGUMENT_BYTES / 16)}`);
  const long = { kind: 'warm', args: { site: 'docs', paths }, target };
  t.match(await send('POST', '/v1/tasks', long), { status: 413, body: { code: 'too-large' } });
  t.strictSame((await send('GET', '/v1/tasks')).body.tasks, []);
});

t.test('numbers are checked before anything is looked up', async (t) => {
  const { send } = await routes(t, []);
  for (const id of ['x', '-1', '1.5', '01', '1e3', '9'.repeat(16)])
    for (const [method, path] of [
      ['GET', `/v1/tasks/${id}`],
      ['POST', `/v1/tasks/${id}/cancel`],
      ['POST', `/v1/tasks/${id}/retry`],
    ] as const)
      t.match(await send(method, path), { status: 400, body: { code: 'bad-request' } }, path);
  for (const path of ['/v1/tasks/7', '/v1/tasks/7?from=3'])
    t.match(await send('GET', path), { status: 404, body: { code: 'no-such-task' } }, path);
  for (const verb of ['cancel', 'retry'])
    t.match(await send('POST', `/v1/tasks/7/${verb}`), { status: 404, body: { code: 'no-such-task' } });
  for (const query of ['before=x', 'state=ended', 'kind=A'])
    t.match(await send('GET', `/v1/tasks?${query}`), { status: 400 }, query);
});

t.test('edges that match get a share; those without the site do not', async (t) => {
  const edges = [
    edge('oslo', { labels: ['canary'] }),
    edge('rome', { region: 'south', sites: ['blog'] }),
    edge('nice', { region: 'south' }),
  ];
  const { send } = await routes(t, edges);
  const warm = { kind: 'warm', args: { site: 'docs', paths: [] } };
  const table: [object, (string | null)[]][] = [
    [{ ...verify, target: { edges: ['rome', 'oslo', 'rome'] } }, ['oslo', 'rome']],
    [{ ...verify, target: { region: 'south' } }, ['nice', 'rome']],
    [{ ...verify, target: { label: 'canary' } }, ['oslo']],
    [{ ...verify, target: { any: true } }, [null]],
    [{ ...warm, target: { all: true } }, ['nice', 'oslo']],
  ];
  for (const [body, expected] of table) {
    const { id } = (await send('POST', '/v1/tasks', body)).body;
    const { shares } = (await send('GET', `/v1/tasks/${id}`)).body;
    t.strictSame(
      shares.map(({ edge }: { edge: string }) => edge),
      expected,
      JSON.stringify(body),
    );
  }
});

t.test('the largest request is taken', async (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `${'e'.repeat(59)}${1000 + i}`);
  const { send } = await routes(
    t,
    names.map((name) => edge(name)),
  );
  const paths = Array.from({ length: 16 }, () => `/${'x'.repeat(1000)}`);
  const warm = { kind: 'warm', args: { site: 'docs', paths }, target: { edges: names } };
  t.match(await send('POST', '/v1/tasks', warm), { status: 201 });
  t.match(await send('POST', '/v1/tasks', { ...warm, target: { edges: [...names, 'one-more'] } }), {
    status: 400,
  });
});

t.test('lists and shares come in pages', async (t) => {
  const names = Array.from({ length: 230 }, (_, i) => `edge-${String(i).padStart(3, '0')}`);
  const { send } = await routes(
    t,
    names.map((name) => edge(name)),
  );
  await send('POST', '/v1/tasks', { ...verify, target: { all: true } });
  const shown: string[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const { shares, next }: { shares: { edge: string }[]; next: number | null } = (
      await send('GET', `/v1/tasks/1?from=${from}`)
    ).body;
    t.ok(shares.length <= 100);
    shown.push(...shares.map((share) => share.edge));
    from = next;
  }
  t.strictSame(shown, names);

  for (let i = 0; i < 104; i++) await send('POST', '/v1/tasks', { ...verify, target: { any: true } });
  await send('POST', '/v1/tasks/3/cancel');
  const list = async (query: string) => {
    const { tasks, next } = (await send('GET', `/v1/tasks?${query}`)).body;
    return { ids: tasks.map(({ id }: { id: number }) => id), next };
  };
  const first = await list('');
  t.strictSame([first.ids.length, first.ids[0], first.next], [100, 105, 6]);
  t.strictSame(await list('before=6'), { ids: [5, 4, 3, 2, 1], next: null });
  t.strictSame(await list('state=cancelled'), { ids: [3], next: null });
  t.strictSame((await list('state=open&before=6')).ids, [5, 4, 2, 1]);
  t.strictSame(await list('kind=warm'), { ids: [], next: null });
});

t.test('the plan of the origin is for those who may see tasks', async (t) => {
  const { send, acts } = await routes(t, []);
  for (const scope of ['admin', 'read'] as const)
    t.match(await send('GET', '/v1/tasks/plan', undefined, scope), { status: 200, body: PLAN });
  t.equal((await send('GET', '/v1/tasks/plan', undefined, 'publish:docs')).status, 403);
  t.strictSame(acts, []);
});
