import { setImmediate } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import t from 'tap';
import { SharedTurns } from '../../../../edge/serve/bytes/shared-turns.ts';
import { LargeWrites } from '../../../../edge/serve/connection/large-writes.ts';
import { FastifySink } from '../../../../edge/serve/fastify-sink.ts';

t.test('large responses from memory share the event loop, and small ones do not wait for them', async (t) => {
  const turns = new SharedTurns();
  const sent: string[] = [];
  const send = (name: string, bytes: number) => {
    const reply = { send: () => sent.push(name) };
    new FastifySink(reply as unknown as FastifyReply, new LargeWrites(), turns).bytes(Buffer.alloc(bytes));
  };
  for (const name of ['a', 'b', 'c', 'd', 'e']) send(name, 1_500_000);
  send('small', 1000);
  t.strictSame(sent, ['a', 'b', 'small'], 'a turn begins a response while 2 MB are not reached');
  await setImmediate();
  await setImmediate();
  t.strictSame(sent.slice(0, 5), ['a', 'b', 'small', 'c', 'd']);
  while (sent.length < 6) await setImmediate();
  t.equal(sent.at(-1), 'e');
});
