import { pino } from 'pino';
import t, { type Test } from 'tap';
import { systemClock } from '../../shared/clock.ts';
import { NO_LIMITS } from '../../shared/wire/protocol.ts';
import { startFeedDouble } from '../helpers/feed-double.ts';
import { InnerEdge } from '../helpers/inner-edge.ts';
import { openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { until } from '../helpers/until.ts';

/** An origin, a canary that can be cut off, and another edge. The canary shows revision 2 of a rollout over 1. */
async function onTrial(t: Test) {
  const encodings = new SharedEncodings();
  const origin = await openInnerOrigin(systemClock, encodings.own());
  const log = pino({ level: 'silent' });
  const join = async (name: string) => {
    const server = await startFeedDouble(systemClock);
    server.serve(origin.feed);
    const parts = { name, clock: systemClock, log, encodings: undefined, shown: () => {} };
    const edge = await InnerEdge.join(parts, server.url, await origin.joinToken(name));
    const start = () => edge.start([server.url], NO_LIMITS);
    await start();
    const shows = (revision: number) =>
      until(`${name} to show ${revision}`, () => edge.views[0]?.revision === revision);
    return { name, edge, server, start, shows };
  };
  const [canary, other] = [await join('canary'), await join('other')];
  t.teardown(async () => {
    for (const { edge, server } of [canary, other]) {
      await edge.remove();
      await server.close();
    }
    origin.close();
    await encodings.close();
  });

  const { id } = await origin.catalog.putSite('docs', [], systemClock.now());
  const change = (text: string) => async (time: number) => [
    await origin.put(id, 'index.html', Buffer.from(text), time),
  ];
  await origin.committer.commitChanges(id, { mode: 'async' }, change('base'));
  for (const one of [canary, other]) await one.shows(1);
  const rollOut = async (base: number, at: { readonly name: string; readonly edge: InnerEdge }) => {
    const revision = await origin.rollOut(id, base, change(`rollout over ${base}`));
    const [open] = await origin.rollouts.open();
    if (open === undefined) throw new Error('no rollout is open');
    await origin.rollouts.step(open, { edges: [at.name], dwell: 1 }, open.evidence);
    await until(`${at.name} to show ${revision}`, () => at.edge.views[0]?.revision === revision);
    return revision;
  };
  await rollOut(1, canary);
  const prune = async () => {
    await origin.retention.run({ log: true });
    const { seq } = await origin.catalog.head(systemClock.now());
    const [first] = await origin.catalog.records(seq, 1);
    if (first?.kind !== 'checkpoint') throw new Error(`the log ends with ${first?.kind}`);
  };
  return { origin, id, canary, other, rollOut, prune };
}

t.test('a canary that was cut off when its rollout was aborted and pruned away shows the base', async (t) => {
  for (const isRestarted of [false, true]) {
    const { origin, id, canary, other, prune } = await onTrial(t);
    canary.server.cut(true);
    if (isRestarted) await canary.edge.stop();
    await origin.rollouts.abort(id);
    await prune();
    if (isRestarted) {
      await canary.start();
      await canary.shows(2);
    }
    t.equal(canary.edge.views[0]?.revision, 2, 'nobody has told it');
    canary.server.cut(false);
    await canary.shows(1);
    await other.shows(1);
    t.equal(canary.edge.views[0]?.trial, null);
  }
});

t.test('a checkpoint carries an open rollout to an edge that jumps to it', async (t) => {
  const { origin, id, canary, other, prune, rollOut } = await onTrial(t);
  other.server.cut(true);
  await prune();
  other.server.cut(false);
  const { seq } = await origin.catalog.head(systemClock.now());
  await until('the other edge to be there', () => (other.edge.catalog.chain()?.seq ?? 0) >= seq);
  await canary.shows(2);
  await other.shows(1);

  canary.server.cut(true);
  await origin.rollouts.abort(id);
  t.equal(await rollOut(1, other), 3);
  await prune();
  canary.server.cut(false);
  await canary.shows(1);
  await other.shows(3);
});
