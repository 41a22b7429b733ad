import t, { type Test } from 'tap';
import { Faults } from '../../../../../edge/follow/faults.ts';
import { followLog, type LogFollowParts } from '../../../../../edge/follow/log/log-follow.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import type { ChainState } from '../../../../../shared/log/chain-state.ts';
import type { Head } from '../../../../../shared/log/head.ts';
import type { Frame, UnknownFrame } from '../../../../../shared/wire/frame.ts';
import { edgeKey, LOG } from '../../../shared/fixed-keys.ts';
import { type JumpingClock, jumpingClock } from '../../jumping-clock.ts';
import { type Script, SILENCE, scriptedUpstreams } from '../../scripted-upstreams.ts';
import { callFrame, headFrame, pathFrame, recordFrame, SignedLog } from '../../signed-log.ts';

const [A, B] = ['http://a.test', 'http://b.test'] as const;
const log = new SignedLog();
for (let i = 0; i < 4; i++) log.append();
const all = log.records.map(recordFrame);
const pruned = (checkpoint: unknown) => new SkerryError('log-pruned', 'gone', { details: { checkpoint } });

/** Follows until an upstream is dialled for which nothing is scripted, or until following ends by itself. */
async function run(
  t: Test,
  scripts: Record<string, Script[]>,
  clock: JumpingClock = jumpingClock(),
  pages: Record<string, Script[]> = {},
) {
  const { upstreams, dials, paged, exhausted } = scriptedUpstreams(t, clock, scripts, pages);
  const stop = new AbortController();
  const faults = new Faults(clock);
  const stored: number[][] = [];
  const heads: number[] = [];
  const moves: number[] = [];
  const times: number[] = [];
  const paths: (readonly string[])[] = [];
  const called: unknown[] = [];
  const fatal: unknown[] = [];
  let chain: ChainState | undefined;
  const parts = {
    catalog: {
      async storeRecords(records: { seq: number }[]) {
        stored.push(records.map(({ seq }) => seq));
      },
      async noteHead({ seq }: Head) {
        heads.push(seq);
      },
    },
    upstreams,
    self: { name: 'oslo', key: edgeKey, log: LOG },
    wants: { sites: null, prefixes: null },
    clock,
    time: { heard: (at: number) => times.push(at) },
    refused: () => times.push(-1),
    log: { warn() {}, info() {}, fatal: (error: unknown) => fatal.push(error) },
    faults,
    position: {
      get chain() {
        return chain ?? SignedLog.start();
      },
      moved(now: ChainState) {
        chain = now;
        moves.push(now.seq);
      },
      pathChanged: (names: readonly string[]) => paths.push(names),
      called: (edges: unknown) => called.push(edges),
    },
  };
  const following = followLog(parts as unknown as LogFollowParts, stop.signal);
  const ended = await Promise.race([exhausted.then(() => false), following.then(() => true)]);
  stop.abort();
  await following;
  const codes = faults.list().map(({ code, upstream }) => `${code} ${upstream}`);
  const avoided = upstreams.all.filter((upstream) => {
    upstreams.failBack(upstreams.all.at(-1) ?? upstream);
    return (
      upstreams.all.indexOf(upstream) < upstreams.all.length - 1 && !upstreams.preferred().includes(upstream)
    );
  });
  return {
    dials,
    paged,
    stored,
    heads,
    moves,
    times,
    paths,
    called,
    codes,
    noted: faults.list().map(({ time }) => time),
    ended,
    seq: chain?.seq ?? 0,
    head: chain?.head ?? 0,
    avoided: avoided.map(({ url }) => url),
  };
}

t.test('records are stored up to each head, and asked for from where it stands', async (t) => {
  const script = [pathFrame('x', 'y'), callFrame(['x']), ...all, headFrame(log.head())];
  const found = await run(t, { [A]: [script] });
  t.strictSame(found.called, [['x']]);
  t.strictSame(found.stored, [[1, 2, 3, 4]]);
  t.strictSame(found.heads, [4]);
  t.strictSame(found.paths, [['x', 'y']]);
  t.strictSame(found.dials, [
    [A, 1],
    [A, 5],
  ]);
  t.strictSame(found.codes, [], 'an end is no fault');
  t.strictSame(found.moves.at(-1), 4);
});

t.test('a head is kept once for each record that it names', async (t) => {
  const heads = [log.head(1), log.head(2), log.head(3)].map(headFrame);
  const { heads: noted, moves } = await run(t, { [A]: [[...all, ...heads]] });
  t.strictSame(noted, [4]);
  t.equal(moves.length, 4, 'each is told of, after the records');
});

t.test('many records are stored in parts', async (t) => {
  const long = new SignedLog();
  for (let i = 0; i < 501; i++) long.append();
  const { stored } = await run(t, { [A]: [[...long.records.map(recordFrame), headFrame(long.head())]] });
  t.strictSame(
    stored.map(({ length }) => length),
    [500, 1],
  );
});

t.test('what was pruned is passed over by its checkpoint', async (t) => {
  const short = new SignedLog();
  for (let i = 0; i < 6; i++) short.append();
  const checkpoint = recordFrame(short.checkpoint());
  const rest = [checkpoint, recordFrame(short.append()), headFrame(short.head())];
  const found = await run(t, { [A]: [[pruned(7)], rest] });
  t.strictSame(found.dials, [
    [A, 1],
    [A, 7],
    [A, 9],
  ]);
  t.strictSame(found.stored, [[7, 8]]);
  t.strictSame(found.codes, []);
});

t.test('what was missed comes in pages, and what happens then in the stream', async (t) => {
  const pages = { [A]: [all.slice(0, 2), all.slice(2, 3)] };
  const found = await run(t, { [A]: [[all[3] as Frame, headFrame(log.head())]] }, jumpingClock(), pages);
  t.strictSame(found.paged, [1, 3, 4, 5]);
  t.strictSame(found.dials, [
    [A, 4],
    [A, 5],
  ]);
  t.strictSame(found.stored, [[1, 2, 3, 4]]);
});

t.test('pages of a log that was pruned begin with its checkpoint', async (t) => {
  const short = new SignedLog();
  for (let i = 0; i < 6; i++) short.append();
  const page = [short.checkpoint(), short.append()].map(recordFrame);
  const pages = { [A]: [[pruned(7)], page] };
  const found = await run(t, { [A]: [[headFrame(short.head())]] }, jumpingClock(), pages);
  t.strictSame(found.paged, [1, 7, 9, 9]);
  t.strictSame(found.stored, [[7, 8]]);
  t.strictSame(found.codes, []);
});

t.test('a lie in a page', async (t) => {
  const pages = { [A]: [[all[0] as Frame, all[2] as Frame]] };
  const found = await run(t, { [A]: [], [B]: [] }, jumpingClock(), pages);
  t.strictSame(found.codes, [`broken-chain ${A}`]);
  t.strictSame(found.stored, [[1]]);
  t.strictSame(found.dials, [[B, 2]]);
  t.strictSame(found.avoided, [A]);
});

t.test('an upstream that passes on no head at all', async (t) => {
  const clock = jumpingClock();
  const silent: Script = [
    pathFrame(),
    ...Array(10)
      .fill([() => clock.advance(12_000), pathFrame()])
      .flat(),
    SILENCE,
  ];
  const scripts = { [A]: [silent], [B]: [] };
  const { upstreams, exhausted } = scriptedUpstreams(t, clock, scripts);
  const stop = new AbortController();
  const waited = Promise.withResolvers<void>();
  const pathChanged = () => {
    if (clock.monotonic() > 100_000) setImmediate(waited.resolve);
  };
  const parts = {
    upstreams,
    clock,
    faults: new Faults(clock),
    self: { name: 'oslo' },
    time: { heard() {} },
    log: { warn() {} },
    position: { chain: SignedLog.start(), pathChanged },
  };
  const following = followLog(parts as unknown as LogFollowParts, stop.signal);
  await Promise.race([exhausted, waited.promise]);
  t.equal(upstreams.current.url, B);
  stop.abort();
  await following;
});

t.test('a checkpoint that leads nowhere is not asked for', async (t) => {
  for (const checkpoint of [undefined, 'seven', 0, 4, 3]) {
    const script = [...all, headFrame(log.head())];
    const { dials } = await run(t, { [A]: [script, [pruned(checkpoint)]] });
    t.strictSame(
      dials.map(([, from]) => from),
      [1, 5, 5],
      String(checkpoint),
    );
  }
});

t.test('what is refused, and whom it leaves', async (t) => {
  const forged = new SignedLog();
  for (let i = 0; i < 6; i++) forged.append();
  const bad = recordFrame(forged.checkpoint({}, {}, edgeKey));
  const behind = new SignedLog();
  behind.append();
  const [one, two] = all as [Script[number], Script[number]];
  const altered = recordFrame(new SignedLog().append({}, edgeKey));
  const cases: [name: string, scripts: Script[], code: string, stored: number[][], isAvoided: boolean][] = [
    ['a record that is not signed', [[altered]], 'bad-signature', [], true],
    ['what came before it is kept', [[one, two, altered]], 'broken-chain', [[1, 2]], true],
    ['a gap', [[one, ...all.slice(2)]], 'broken-chain', [[1]], true],
    ['a repetition', [[one, one]], 'broken-chain', [[1]], true],
    ['a checkpoint out of turn', [[recordFrame(forged.records[6] as never)]], 'broken-chain', [], true],
    ['a forged checkpoint', [[pruned(7)], [bad]], 'bad-signature', [], true],
    ['another record for a checkpoint', [[pruned(3)], [...all.slice(2)]], 'broken-chain', [], true],
    ['a forged head', [[one, headFrame(behind.head(1, {}, edgeKey))]], 'bad-signature', [], true],
    [
      'a rewind',
      [[...all, headFrame(log.head()), headFrame(behind.head())]],
      'broken-chain',
      [[1, 2, 3, 4]],
      true,
    ],
    ['a loop', [[pathFrame('x', 'oslo'), ...all]], 'parent-loop', [], false],
    ['a refusal', [[new SkerryError('beyond-parent', 'no')]], 'beyond-parent', [], false],
  ];
  for (const [name, scripts, code, stored, isAvoided] of cases) {
    const found = await run(t, { [A]: scripts, [B]: [] });
    t.strictSame(found.codes, [`${code} ${A}`], name);
    t.strictSame(found.stored, stored, `${name}: stored`);
    t.equal(found.dials.at(-1)?.[0], B, `${name}: the next is followed`);
    t.equal(found.dials.at(-1)?.[1], (stored.flat().at(-1) ?? 0) + 1, `${name}: from where it stands`);
    t.strictSame(found.avoided, isAvoided ? [A] : [], `${name}: avoided`);
  }
});

t.test('who is only away is left without a word', async (t) => {
  const away = new SkerryError('origin-unreachable', 'nobody is there');
  const { dials, codes } = await run(t, { [A]: [[away]], [B]: [] });
  t.strictSame(dials.at(-1), [B, 1]);
  t.strictSame(codes, []);
});

t.test('one whose stream is silent is named, and what its pages brought is kept', async (t) => {
  const silent = new SkerryError('silent-feed', 'nothing comes');
  const pages = { [A]: [all.slice(0, 3)] };
  const found = await run(t, { [A]: [[silent]], [B]: [] }, jumpingClock(), pages);
  t.strictSame(found.codes, [`silent-feed ${A}`]);
  t.strictSame(found.stored, [[1, 2, 3]]);
  t.strictSame(found.dials.at(-1), [B, 4]);
  t.strictSame(found.avoided, [], 'it did not lie');
});

t.test('a head that gets no younger', async (t) => {
  const clock = jumpingClock();
  const later = (ms: number) => () => clock.advance(ms);
  const head = (time: number) => headFrame(log.head(time));
  const stale = (url: string) => [`stale-head ${url}`];
  const again = [later(12_000), head(1)];
  const held: Script = [...all, head(1), ...again, ...again, ...again, head(2)];
  const two = await run(t, { [A]: [held], [B]: [] }, clock);
  t.strictSame(two.codes, stale(A));
  t.strictSame(two.dials.at(-1), [B, 5], 'is left for another');
  t.strictSame(two.avoided, [], 'it did not lie');
  const one = await run(t, { [A]: [held] }, clock);
  t.strictSame(one.codes, stale(A));
  t.strictSame(one.dials.length, 2, 'the only one is followed on to its end');

  const younger: Script = [...all, head(1), later(29_990), head(2), later(29_990), head(3)];
  t.strictSame((await run(t, { [A]: [younger], [B]: [] }, clock)).codes, []);
});

t.test('heads whose records are held back', async (t) => {
  const clock = jumpingClock();
  const beat = (time: number) => [() => clock.advance(5000), headFrame(log.head(time))];
  const held: Script = [...all.slice(0, 2), ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap(beat)];
  const { codes, dials, avoided, stored } = await run(t, { [A]: [held], [B]: [] }, clock);
  t.strictSame(codes, [`stale-head ${A}`]);
  t.strictSame(dials.at(-1), [B, 3]);
  t.strictSame(stored, [[1, 2]]);
  t.strictSame(avoided, [A], 'its heads are young: it would be gone back to at once');
  const one = await run(t, { [A]: [held] }, clock);
  t.strictSame(one.codes, [`stale-head ${A}`]);
  t.strictSame(one.dials.length, 2, 'the only one is followed on to its end');
});

t.test('noise without end, in a page or in the stream', async (t) => {
  const noise = (count: number): UnknownFrame[] =>
    Array.from({ length: count }, () => ({ t: 'unknown', type: 'noise/1', critical: false }));
  const head = headFrame(log.head());
  const stream = [...noise(256), head, ...noise(256), head];
  const some = { [A]: [[...noise(256), ...all]] };
  t.strictSame((await run(t, { [A]: [stream], [B]: [] }, jumpingClock(), some)).codes, []);
  for (const [pages, script] of [
    [[noise(257)], []],
    [[], [head, ...noise(257)]],
    [[], [head, ...Array(257).fill(pathFrame('x'))]],
    [[], [head, ...Array(257).fill(callFrame(null))]],
  ] as [Script[], Script][]) {
    const found = await run(t, { [A]: [script], [B]: [] }, jumpingClock(), { [A]: pages });
    t.strictSame(found.codes, [`upstream-protocol ${A}`]);
    t.equal(found.dials.at(-1)?.[0], B);
  }
});

t.test('a critical record that is not known ends it', async (t) => {
  const newer = new SignedLog();
  const frames = [newer.append(), newer.append({ kind: 'teleport', critical: true })].map(recordFrame);
  const { ended, codes, stored } = await run(t, { [A]: [frames], [B]: [] });
  t.ok(ended);
  t.strictSame(codes, [`unknown-critical-record ${A}`]);
  t.strictSame(stored, [[1]]);
});

t.test('frames that are not known', async (t) => {
  const frame = (critical: boolean): UnknownFrame => ({ t: 'unknown', type: 'task/1', critical });
  const { stored, codes } = await run(t, { [A]: [[frame(false), ...all, headFrame(log.head())]] });
  t.strictSame(stored, [[1, 2, 3, 4]], 'are passed over');
  t.strictSame(codes, []);
  // Nobody signs frames: whoever says so may be a parent that lies.
  const { ended } = await run(t, { [A]: [[frame(true)]], [B]: [] });
  t.equal(ended, false);
});

t.test('who is left on purpose is not blamed', async (t) => {
  const clock = jumpingClock();
  const { upstreams, dials, exhausted } = scriptedUpstreams(t, clock, { [A]: [], [B]: [] });
  const stop = new AbortController();
  const faults = new Faults(clock);
  const position = { chain: SignedLog.start() };
  const parts = { upstreams, clock, faults, position, self: { name: 'oslo' }, log: {} };
  const following = followLog(parts as unknown as LogFollowParts, stop.signal);
  await exhausted;
  const next = new Promise<void>((resolve) => {
    const second = upstreams.all[1];
    if (second === undefined) return;
    const { stream } = second;
    second.stream = (...args) => {
      resolve();
      return stream.apply(second, args);
    };
    upstreams.failBack(second);
  });
  await next;
  stop.abort();
  await following;
  t.strictSame(
    dials.map(([url]) => url),
    [A, B],
  );
  t.strictSame(faults.list(), []);
});

t.test('the time of each verified head is told before its records have an effect', async (t) => {
  const { times, moves } = await run(t, {
    [A]: [[...all, headFrame(log.head(50)), headFrame(log.head(60))]],
  });
  t.strictSame(times, [50, 60]);
  t.strictSame(moves, [4, 4, 4]);
  const forged = { ...log.head(70), time: 99_999 };
  t.strictSame((await run(t, { [A]: [[...all, headFrame(forged)]] })).times, []);
});

t.test('who is no member is told so', async (t) => {
  const { times, codes } = await run(t, { [A]: [[new SkerryError('unauthenticated', 'not a member')]] });
  t.strictSame(times, [-1]);
  t.strictSame(codes, [], 'a parent may not know it yet: that is no fault');
});

t.test('an origin whose clock was put back is not taken for a cut-off one for ever', async (t) => {
  const clock = jumpingClock();
  const beat = (time: number) => [headFrame(log.head(time)), () => clock.advance(5000)];
  const year = 365 * 86_400_000;
  const late = (from: number) => Array.from({ length: 8 }, (_, i) => beat(from + i * 5000)).flat();
  const began = clock.now();
  const script = [...all, ...beat(year), ...late(1000)];
  const { codes, noted } = await run(t, { [A]: [script] }, clock);
  t.strictSame(codes, [`stale-head ${A}`]);
  t.strictSame(noted, [began + 30_000], 'it is noted once');
});

t.test('an upstream that stays behind this edge is a fault, and one that catches up is none', async (t) => {
  const behind = [new SkerryError('not-yet-held', 'this parent has the log up to record 2')];
  const catchesUp = [behind, behind, [...all, headFrame(log.head())], behind, behind];
  t.strictSame((await run(t, { [A]: catchesUp })).codes, []);
  const clock = jumpingClock();
  const { codes } = await run(t, { [A]: Array(200).fill(behind) }, clock);
  t.ok(clock.monotonic() > 60_000);
  t.strictSame(codes, [`stale-head ${A}`]);
});

const putOff = (retryAfter: number) =>
  new SkerryError('too-many-requests', 'later', { details: { retryAfter } });

t.test('an edge waits for its turn to catch up, and comes back to the same upstream', async (t) => {
  const clock = jumpingClock();
  const script = [...all, headFrame(log.head())];
  const found = await run(t, { [A]: [script], [B]: [] }, clock, { [A]: [[putOff(4)], [putOff(1e9)]] });
  t.match(found.dials[0], [A, 1]);
  t.strictSame(found.codes, [], 'that is no fault');
  const [first = 0, second = 0] = clock.slept;
  t.ok(first >= 4000 && first < 5000, `it waited ${first} ms`);
  t.ok(second >= 30_000 && second < 31_000, `it waited ${second} ms`);
});

t.test('an upstream that puts an edge off for ever is left', async (t) => {
  const clock = jumpingClock();
  const pages = { [A]: Array.from({ length: 9 }, () => [putOff(25)]) };
  const script = [...all, headFrame(log.head())];
  const found = await run(t, { [A]: [script], [B]: [script] }, clock, pages);
  t.match(found.dials[0], [B, 1]);
});

t.test('a turn is never sooner than a second away, whatever the upstream says', async (t) => {
  const clock = jumpingClock();
  const script = [...all, headFrame(log.head())];
  await run(t, { [A]: [script] }, clock, { [A]: [[putOff(-1e9)], [putOff(0)]] });
  const [first = 0, second = 0] = clock.slept;
  t.ok(first >= 1000 && second >= 1000, `it waited ${first} ms and ${second} ms`);
});

t.test('an upstream that puts an edge off for half a minute is a fault', async (t) => {
  const pages = { [A]: [[putOff(20)], [putOff(20)], [putOff(1)]] };
  const { codes, noted } = await run(t, { [A]: [] }, jumpingClock(0), pages);
  t.strictSame(codes, [`stale-head ${A}`]);
  t.ok(Number(noted[0]) >= 40_000);
});

t.test('the wait for a turn ends when the edge moves to another upstream', async (t) => {
  const jumping = jumpingClock();
  const { upstreams, dials, exhausted } = scriptedUpstreams(
    t,
    jumping,
    { [A]: [], [B]: [] },
    { [A]: [[putOff(30)]] },
  );
  const waits = Promise.withResolvers<void>();
  const clock = {
    ...jumping,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (ms >= 30_000) waits.resolve();
      }),
  };
  const stop = new AbortController();
  const parts = {
    ...{ upstreams, clock, faults: new Faults(clock), self: { name: 'oslo' }, log: { info() {} } },
    position: { chain: SignedLog.start() },
  };
  const following = followLog(parts as unknown as LogFollowParts, stop.signal);
  await waits.promise;
  upstreams.failBack(upstreams.all.at(-1) as never);
  await exhausted;
  t.strictSame(dials, [[B, 1]]);
  stop.abort();
  await following;
});
