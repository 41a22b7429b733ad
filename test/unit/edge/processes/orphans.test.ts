import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { servingPort } from '../../../../edge/processes/orphans.ts';
import { systemClock } from '../../../../shared/clock.ts';

t.test('a port that an ending process still holds is waited for', async (t) => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const sleep = async () => {
    if (holder.listening) await new Promise((resolve) => holder.close(resolve));
  };
  const clock = { ...systemClock, sleep };
  t.equal(await servingPort({ host: '127.0.0.1', port }, t.testdir(), clock), port);
});

t.test('a port that another program keeps is refused', async (t) => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const clock = { ...systemClock, sleep: async () => undefined };
  await t.rejects(servingPort({ host: '127.0.0.1', port }, t.testdir(), clock), { code: 'port-in-use' });
});
