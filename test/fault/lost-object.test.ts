import { pino } from 'pino';
import t from 'tap';
import { systemClock } from '../../shared/clock.ts';
import { digestOf } from '../../shared/content/digest.ts';
import { NO_LIMITS } from '../../shared/wire/protocol.ts';
import { verified } from '../helpers/edge-work.ts';
import { startFeedDouble } from '../helpers/feed-double.ts';
import { InnerEdge } from '../helpers/inner-edge.ts';
import { openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { until } from '../helpers/until.ts';

t.test('a repair brings back an object that the disk lost and only an alias shows', async (t) => {
  const encodings = new SharedEncodings();
  const origin = await openInnerOrigin(systemClock, encodings.own());
  const server = await startFeedDouble(systemClock);
  server.serve(origin.feed);
  const log = pino({ level: 'silent' });
  const parts = { name: 'oslo', clock: systemClock, log, encodings: undefined, shown: () => {} };
  const edge = await InnerEdge.join(parts, server.url, await origin.joinToken('oslo'));
  t.teardown(async () => {
    await edge.remove();
    await server.close();
    origin.close();
    await encodings.close();
  });
  const { id } = await origin.catalog.putSite('docs', [], systemClock.now());
  const page = (text: string) => async (time: number) => [
    await origin.put(id, 'index.html', Buffer.from(text), time),
  ];
  await origin.committer.commitChanges(id, { mode: 'async' }, page('live'));
  await origin.committer.commitChanges(id, { draft: { alias: 'next', life: undefined } }, page('draft'));
  await edge.start([server.url], NO_LIMITS);
  await until('the alias', () => edge.views.some(({ alias }) => alias?.name === 'next'));

  const draft = digestOf('draft');
  edge.disk.objects.delete(draft);
  const { replica } = edge;
  if (replica === undefined) throw new Error('the edge does not run');
  await verified(replica.work, true);
  await until('the object', () => edge.disk.objects.has(draft));
  t.equal(edge.disk.objects.get(draft)?.toString(), 'draft');
});
