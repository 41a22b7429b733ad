import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { ToServing } from '../../../../edge/messages/to-serving.ts';
import type { SiteView } from '../../../../edge/messages/views.ts';
import { ServingProcess } from '../../../../edge/processes/serving-process.ts';
import { startSwitchboard } from '../../../../edge/processes/switchboard.ts';
import { ServingReads } from '../../../../edge/read-through/serving-reads.ts';
import { openSqliteEdgeCatalog } from '../../../../edge/store/sqlite/sqlite-catalog.ts';
import { SwitchDecisions } from '../../../../edge/store/switch-decisions.ts';
import { migrations, variantFile } from '../../../../edge/variants/variant-file.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { startHashThreads } from '../../../../shared/hashing/hash-threads.ts';
import { openDerived } from '../../../../shared/sqlite/open.ts';
import { openFileObjectStore } from '../../../../shared/store/file-object-store.ts';
import { freePorts } from '../../../helpers/free-ports.ts';
import { ask } from '../../../helpers/http.ts';
import { childrenOf } from '../../../helpers/process-tree.ts';
import { until } from '../../../helpers/until.ts';

const nothingIsRead = (tell: (message: ToServing) => void) => new ServingReads(new Promise(() => {}), tell);

const view = (revision: number): SiteView => ({
  ...{
    id: 1,
    name: 'docs',
    domains: [],
    revision,
    prefixes: null,
    needsLease: false,
    private: null,
    alias: null,
    aliasSuffixes: [],
    trial: null,
  },
  former: { revisions: [], paths: null, purges: [], beside: null },
});

const MS = 10_000;
const NO_PROXIES = { trusted: [], useProxyProtocol: false };

/** Two serving processes over an edge that holds nothing. */
async function world(t: Test) {
  const data = t.testdir();
  const objects = join(data, 'objects');
  await mkdir(objects);
  openSqliteEdgeCatalog(join(data, 'catalog.sqlite')).close();
  openDerived(variantFile(data), migrations).close();
  const hashing = startHashThreads(1);
  await (await openFileObjectStore(objects, hashing)).close();
  await hashing.close();
  const [port = 0] = await freePorts(1);
  const warnings: string[] = [];
  const clients = { connections: 100, requestsPerSecond: null };
  const serving = {
    ...{ folder: data, host: '127.0.0.1', port, tls: undefined, accessLog: undefined, clients },
    ...{ isLazy: false, proxies: NO_PROXIES },
  };
  const start = (views: readonly SiteView[]) =>
    startSwitchboard({
      serving,
      ...{ processes: 2, views, ahead: 0, isDrained: false, clock: systemClock },
      wanted: () => {},
      reads: nothingIsRead,
      log: pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) }),
    });
  const answer = () =>
    ask(`http://127.0.0.1:${port}`, '/', { headers: { host: 'docs.localhost', connection: 'close' } });
  return { serving, start, answer, warnings };
}

t.test('processes share a port, show what they are told, and are replaced', async (t) => {
  const { start, answer, warnings } = await world(t);
  const switchboard = await start([view(1)]);
  const first = await childrenOf(process.pid);
  t.equal(first.length, 2);
  const shown = async () => (await answer()).headers['skerry-revision'];
  t.equal(await shown(), 'docs@1');

  await switchboard.show([view(2)]);
  t.equal((await switchboard.processUse()).size, 2);
  for (let i = 0; i < 10; i++) t.equal(await shown(), 'docs@2');
  const requests = async () =>
    (await switchboard.counters()).reduce((sum, counted) => sum + (counted.docs?.requests['4xx'] ?? 0), 0);
  const counted = await until('all to be counted', async () => (await requests()) >= 11 && requests());

  const [killed = 0, frozen = 0] = first;
  process.kill(killed, 'SIGKILL');
  const afterOf = (gone: readonly number[]) =>
    until('another one', async () => {
      const now = await childrenOf(process.pid);
      return now.length === 2 && !gone.some((pid) => now.includes(pid)) && now;
    });
  const early = (await afterOf([killed])).find((pid) => pid !== frozen) ?? 0;
  // It ends before it listens, as one does that crashes with its first request.
  process.kill(early, 'SIGKILL');
  const second = await afterOf([killed, early]);
  await until('both ends to be counted', () => switchboard.deaths() === 2);
  t.ok(second.includes(frozen));
  await until('it to answer', async () => (await switchboard.processUse()).size === 2);
  t.ok((await requests()) >= counted, 'what has ended has been counted');

  process.kill(frozen, 'SIGSTOP');
  await switchboard.show([view(3)]);
  t.notOk((await childrenOf(process.pid)).includes(frozen), 'who does not confirm is stopped first');
  t.match(warnings.join(), /a serving process is replaced/);
  await until('another one', async () => (await switchboard.processUse()).size === 2);
  for (let i = 0; i < 10; i++) t.equal(await shown(), 'docs@3', 'also the one that came later');

  await switchboard.close();
  t.strictSame(await childrenOf(process.pid), [], 'all end with it');
});

t.test('when the messages of a switch stop in between, all processes switch, or none does', async (t) => {
  const { serving, answer } = await world(t);
  const decisions = new SwitchDecisions(serving.folder);
  decisions.clear();
  const processes = await Promise.all([1, 2].map(() => ServingProcess.start({ ...serving, counted: {} })));
  t.teardown(() => Promise.all(processes.map((process) => process.kill())));
  await Promise.all(processes.map((process) => process.show([view(1)], MS)));
  const hold = (id: string, revision: number) =>
    Promise.all(processes.map((process) => process.hold({ id, views: [view(revision)] }, MS)));
  const revisions = async () =>
    (await Promise.all(Array.from({ length: 20 }, answer))).map(({ headers }) => headers['skerry-revision']);
  const all = (revision: number) => Array.from({ length: 20 }, () => `docs@${revision}`);

  await hold('first', 2);
  t.strictSame(await revisions(), all(1), 'all holds end, because no message comes');
  t.equal(decisions.decide('first', 'switch'), 'stay', 'so the switch is off');

  let next = 0;
  // On a busy machine, a hold may end before the decision.
  do await hold(`next-${++next}`, 2);
  while (decisions.decide(`next-${next}`, 'switch') === 'stay');
  await processes[0]?.switch(`next-${next}`, MS);
  t.strictSame(await revisions(), all(2), 'the other process finds the decision when its hold ends');
  await processes[1]?.switch(`next-${next}`, MS);
  t.strictSame(await revisions(), all(2));
});

t.test('processes that cannot start are all ended', async (t) => {
  const clients = { connections: 1, requestsPerSecond: null };
  const place = { folder: t.testdir(), host: '127.0.0.1', port: 0, tls: undefined, accessLog: undefined };
  const starting = startSwitchboard({
    serving: { ...place, clients, isLazy: false, proxies: NO_PROXIES },
    ...{
      processes: 2,
      views: [],
      ahead: 0,
      isDrained: false,
      clock: systemClock,
      wanted: () => {},
      reads: nothingIsRead,
    },
    log: pino({ level: 'silent' }),
  });
  await t.rejects(starting, { code: 'internal', message: /unable to open database file/ });
  await until('them to be gone', async () => (await childrenOf(process.pid)).length === 0);
});
