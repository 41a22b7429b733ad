import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { informSystemd } from '../../../../bin/running/systemd.ts';
import { until } from '../../../helpers/until.ts';

/** Collects the messages. After `signs` signs of life, the role is told to stop. */
function listener(signs: number) {
  const stopping = new AbortController();
  const told: (readonly string[])[] = [];
  const slept: number[] = [];
  return {
    told,
    slept,
    signal: stopping.signal,
    notify: async (fields: readonly string[]) => {
      told.push(fields);
    },
    clock: {
      sleep: async (ms: number) => {
        slept.push(ms);
        if (slept.length === signs) stopping.abort();
      },
    },
  };
}

t.test('a role that nobody waits for tells nothing', async (t) => {
  const { told, signal, notify, clock } = listener(1);
  await informSystemd(signal, { environment: {}, notify, clock });
  t.same(told, []);
});

t.test('a role is ready, gives three signs of life in a period of the watchdog, and stops', async (t) => {
  const { told, slept, signal, notify, clock } = listener(2);
  const environment = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000000' };
  await informSystemd(signal, { environment, notify, clock });
  t.same(told, [['READY=1', `MAINPID=${process.pid}`], ['WATCHDOG=1'], ['WATCHDOG=1'], ['STOPPING=1']]);
  t.same(slept, [10_000, 10_000]);
});

t.test('without a watchdog there are no signs of life', async (t) => {
  const { told, notify, clock } = listener(1);
  const stopping = new AbortController();
  const informed = informSystemd(stopping.signal, {
    environment: { NOTIFY_SOCKET: '/run/notify' },
    notify,
    clock,
  });
  await until('the message that the role is ready', () => told.length === 1);
  stopping.abort();
  await informed;
  t.same(told, [['READY=1', `MAINPID=${process.pid}`], ['STOPPING=1']]);
});

t.test('systemd-notify sends the messages', async (t) => {
  const folder = t.testdir({ 'systemd-notify': `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>"$0.log"\n` });
  const program = join(folder, 'systemd-notify');
  await chmod(program, 0o755);
  await writeFile(`${program}.log`, '');
  const { PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
    delete process.env.NOTIFY_SOCKET;
  });
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  process.env.NOTIFY_SOCKET = '/run/notify';
  const stopping = new AbortController();
  stopping.abort();
  await informSystemd(stopping.signal);
  t.equal(
    await readFile(`${program}.log`, 'utf8'),
    `/run/notify READY=1 MAINPID=${process.pid}\n/run/notify STOPPING=1\n`,
  );
});

t.test('a message that cannot be sent stops neither the role nor later messages', async (t) => {
  const { told, signal, notify, clock } = listener(3);
  const failing = async (fields: readonly string[]) => {
    await notify(fields);
    if (told.length < 3) throw Object.assign(new Error('spawn'), { code: 'EAGAIN' });
  };
  const environment = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000000' };
  await informSystemd(signal, { environment, notify: failing, clock });
  t.equal(told.length, 5);
});
