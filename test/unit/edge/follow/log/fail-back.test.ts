import t, { type Test } from 'tap';
import { Faults } from '../../../../../edge/follow/faults.ts';
import { type FailBackParts, failBack } from '../../../../../edge/follow/log/fail-back.ts';
import type { Upstream } from '../../../../../edge/follow/upstream/upstream.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { follow } from '../../../../../shared/log/chain-state.ts';
import { edgeKey, LOG } from '../../../shared/fixed-keys.ts';
import { jumpingClock } from '../../jumping-clock.ts';
import { type Script, scriptedUpstreams } from '../../scripted-upstreams.ts';
import { headFrame, pathFrame, recordFrame, SignedLog } from '../../signed-log.ts';

const [A, B, C] = ['http://a.test', 'http://b.test', 'http://c.test'] as const;
const self = { name: 'oslo', key: edgeKey, log: LOG };

const log = new SignedLog();
for (let i = 0; i < 3; i++) log.append();
const chain = log.records.reduce(follow, SignedLog.start());
const good: Script = [pathFrame('x'), headFrame(log.head())];

/** Follows the last of the upstreams while the others say what is scripted; gives where that leads. */
async function run(
  t: Test,
  scripts: Record<string, Script[]>,
  position: FailBackParts['position'] = { chain, head: log.head(1000) },
) {
  const clock = jumpingClock();
  const faults = new Faults(clock);
  const { upstreams, dials, exhausted } = scriptedUpstreams(t, clock, { ...scripts, 'http://last.test': [] });
  upstreams.failBack(upstreams.all.at(-1) as Upstream);
  const stop = new AbortController();
  const moved = new Promise<void>((resolve) => upstreams.moved.addEventListener('abort', () => resolve()));
  const running = failBack(
    {
      upstreams,
      self,
      wants: { sites: null, prefixes: null },
      clock,
      faults,
      position,
    },
    stop.signal,
  );
  await Promise.race([moved, exhausted]);
  stop.abort();
  await running;
  const codes = faults.list().map(({ code, upstream }) => `${code} ${upstream}`);
  return {
    current: upstreams.current.url,
    dials: dials.map(([url]) => url),
    clock,
    from: dials[0]?.[1],
    codes,
  };
}

t.test('goes back to the best that serves', async (t) => {
  const { current, dials, clock, from } = await run(t, { [A]: [good], [B]: [good] });
  t.equal(current, A);
  t.strictSame(dials, [A], 'no other one is asked');
  t.equal(clock.slept[0], 15_000);
  t.equal(from, 4, 'it asks for what comes next');
});

t.test('to the second when the first does not answer', async (t) => {
  const refused = new SkerryError('origin-unreachable', 'nobody is there');
  const { current, dials } = await run(t, { [A]: [[refused]], [B]: [good], [C]: [good] });
  t.equal(current, B);
  t.strictSame(dials, [A, B]);
});

t.test('as soon as the first is back', async (t) => {
  const refused = new SkerryError('origin-unreachable', 'nobody is there');
  const { current, dials } = await run(t, { [A]: [[refused], [refused], good] });
  t.equal(current, A);
  t.strictSame(dials, [A, A, A]);
});

t.test('never to one that', async (t) => {
  const behind = new SignedLog();
  behind.append();
  const fork = new SignedLog();
  for (let i = 0; i < 3; i++) fork.append({ time: 7 });
  const cases: [string, Script][] = [
    ['is behind', [pathFrame(), headFrame(behind.head())]],
    ['has another log', [pathFrame(), headFrame(fork.head())]],
    ['follows this edge', [pathFrame('x', 'oslo'), headFrame(log.head())]],
    ['signs heads itself', [pathFrame(), headFrame(log.head(1, {}, edgeKey))]],
    ['ends before it has said anything', []],
    ['sends records and no head', log.records.map(recordFrame)],
    ['refuses', [new SkerryError('beyond-parent', 'too much')]],
  ];
  for (const [name, script] of cases) {
    const { current, dials } = await run(t, { [A]: [script] });
    t.equal(current, 'http://last.test', name);
    t.strictSame(dials, [A, A], `${name}: and is asked again`);
  }
});

t.test('not to one that is cut off from the origin: it would be left again', async (t) => {
  const [old, young] = [good, [pathFrame('x'), headFrame(log.head(40_000))]];
  const { current, dials, codes } = await run(
    t,
    { [A]: [old, old, young] },
    { chain, head: log.head(60_000) },
  );
  t.equal(current, A);
  t.strictSame(dials, [A, A, A]);
  t.strictSame(codes, [], 'that is no lie');
});

t.test('one that knows less than the current one is asked again, and is accused of nothing', async (t) => {
  const longer = new SignedLog();
  for (let i = 0; i < 5; i++) longer.append();
  const position = { chain: { ...chain, head: 5 }, head: longer.head(1000) };
  const grown: Script = [pathFrame('x'), headFrame(longer.head(2000))];
  const { current, dials, codes } = await run(t, { [A]: [good, good, grown] }, position);
  t.equal(current, A);
  t.strictSame(dials, [A, A, A]);
  t.strictSame(codes, []);
});

t.test('the log may move on while one is looked at', async (t) => {
  const longer = new SignedLog();
  for (let i = 0; i < 4; i++) longer.append();
  const position = { chain, head: log.head(1000) };
  const moves = () => {
    position.chain = longer.records.slice(3).reduce(follow, chain);
    position.head = longer.head(1000);
  };
  const late: Script = [pathFrame('x'), moves, headFrame(log.head(1000))];
  const { current, dials, codes } = await run(t, { [A]: [late, [headFrame(longer.head(1000))]] }, position);
  t.strictSame(codes, [], 'its head fits what was asked');
  t.equal(current, A);
  t.strictSame(dials, [A, A], 'it is asked again');
});

t.test('one that lies when it is looked at is named, and left alone for a while', async (t) => {
  const forged: Script = [pathFrame(), headFrame(log.head(1, {}, edgeKey))];
  const { codes, clock } = await run(t, { [A]: [forged] });
  t.strictSame(codes, [`bad-signature ${A}`]);
  t.ok(clock.slept.length >= 5, `${clock.slept.length} looks`);
});
