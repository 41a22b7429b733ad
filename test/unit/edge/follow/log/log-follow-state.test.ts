import t from 'tap';
import {
  afterLeaving,
  beginFollow,
  type FollowCommand,
  type FollowEvent,
  type FollowState,
  step,
} from '../../../../../edge/follow/log/log-follow-state.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { PAGE_BYTES } from '../../../../../shared/log/record-page.ts';
import type { Frame, UnknownFrame } from '../../../../../shared/wire/frame.ts';
import { edgeKey } from '../../../shared/fixed-keys.ts';
import { aheadFrame, callFrame, headFrame, pathFrame, recordFrame, SignedLog } from '../../signed-log.ts';

const UPSTREAM = { url: 'http://a.test', isOnly: false, edge: 'oslo' };
const log = new SignedLog();
for (let i = 0; i < 4; i++) log.append();
const records = log.records.map(recordFrame);

const frame = (frame: Frame | UnknownFrame): FollowEvent => ({ kind: 'frame', frame });
const handled = (now: number): FollowEvent => ({ kind: 'handled', now });
const broke = (error: unknown): FollowEvent => ({ kind: 'broke', error, now: 0 });
const ended: FollowEvent = { kind: 'ended' };
const other = (critical = false): FollowEvent => frame({ t: 'unknown', type: 'task/1', critical });
const pruned = (checkpoint: number) => new SkerryError('log-pruned', 'gone', { details: { checkpoint } });

const fresh = (changes: Partial<typeof UPSTREAM> = {}) =>
  beginFollow(SignedLog.start(), { ...UPSTREAM, ...changes }, 0);

/** The state after the events, and what all of them command. */
function after(state: FollowState, ...events: FollowEvent[]) {
  const commands: FollowCommand[] = [];
  let last = state;
  for (const event of events) {
    const next = step(last, event);
    last = next.state;
    commands.push(...next.commands);
  }
  return { state: last, commands };
}

/** A command in a word or two. */
function told(command: FollowCommand): string {
  switch (command.kind) {
    case 'store':
      return `store ${command.records.map(({ seq }) => seq).join(' ')}`;
    case 'hear-time':
      return `hear-time ${command.time}`;
    case 'keep-head':
      return `keep-head ${command.head.seq}`;
    case 'tell':
      return `tell ${command.chain.seq}`;
    case 'report-now':
      return `report-now ${command.edges?.join(' ') ?? 'all'}`;
    case 'objects-ahead':
      return `objects-ahead ${command.sites.join(' ')}`;
    case 'tell-path':
      return `tell-path ${command.names.join(' ')}`;
    case 'note-fault':
      return `note-fault ${command.error.code}`;
    case 'leave':
      return `leave ${command.error instanceof SkerryError ? command.error.code : command.error}${command.isTooNew ? ' too-new' : ''}`;
    default:
      return command.kind;
  }
}

/** In the stream, with nothing kept. */
const inStream = (changes: Partial<typeof UPSTREAM> = {}) => after(fresh(changes), ended).state;
/** After another upstream has named the record `head`. */
const withHeard = (head: number) => beginFollow({ ...SignedLog.start(), head }, UPSTREAM, 0);
/** With two verified records that are not stored. */
const withTwo = (state: FollowState) => after(state, ...records.slice(0, 2).map(frame)).state;

t.test('the table of states and events', async (t) => {
  const [one, two] = records as [Frame, Frame];
  const altered = recordFrame(new SignedLog().append({}, edgeKey));
  const newer = recordFrame(new SignedLog().append({ kind: 'teleport', critical: true }));
  const head = headFrame(log.head(50));
  const forged = headFrame(log.head(50, {}, edgeKey));
  const silent = new SkerryError('silent-feed', 'nothing comes');
  const away = new SkerryError('origin-unreachable', 'nobody is there');
  const pages = fresh();
  const stream = inStream();
  type Row = [
    name: string,
    from: FollowState,
    event: FollowEvent,
    phase: string,
    ask: number,
    does: string[],
  ];
  const table: Row[] = [
    ['a record is kept', pages, frame(one), 'pages', 1, []],
    ['a record in the stream, too', stream, frame(one), 'stream', 1, []],
    ['a gap leaves', pages, frame(two), 'pages', 1, ['leave broken-chain']],
    [
      'what came before it is stored',
      withTwo(pages),
      frame(altered),
      'pages',
      1,
      ['store 1 2', 'leave broken-chain'],
    ],
    ['a forged record', stream, frame(altered), 'stream', 1, ['leave bad-signature']],
    ['one of a later version', stream, frame(newer), 'stream', 1, ['leave unknown-critical-record too-new']],
    [
      'a head, in this order',
      after(pages, ...records.map(frame)).state,
      frame(head),
      'pages',
      1,
      ['hear-time 50', 'store 1 2 3 4', 'keep-head 4', 'tell 4'],
    ],
    [
      'a head that stands still',
      after(stream, ...records.map(frame), frame(head)).state,
      frame(headFrame(log.head(60))),
      'stream',
      1,
      ['hear-time 60', 'tell 4'],
    ],
    [
      'a head that is lower than one from another upstream',
      after(withHeard(9), ...records.map(frame)).state,
      frame(head),
      'pages',
      1,
      ['store 1 2 3 4', 'leave not-yet-held'],
    ],
    ['a forged head stores nothing', withTwo(stream), frame(forged), 'stream', 1, ['leave bad-signature']],
    ['a call', stream, frame(callFrame(['oslo', 'x'])), 'stream', 1, ['report-now oslo x']],
    ['a call to all', stream, frame(callFrame(null)), 'stream', 1, ['report-now all']],
    ['objects ahead', stream, frame(aheadFrame(1, 7)), 'stream', 1, ['objects-ahead 1 7']],
    ['a path', stream, frame(pathFrame('x', 'y')), 'stream', 1, ['tell-path x y']],
    ['a loop', stream, frame(pathFrame('x', 'oslo')), 'stream', 1, ['leave parent-loop']],
    ['what is not known', stream, other(), 'stream', 1, []],
    ['what is not known and critical', stream, other(true), 'stream', 1, ['leave upstream-protocol']],
    ['an empty page', pages, ended, 'stream', 1, []],
    ['a page with records', withTwo(pages), ended, 'pages', 3, []],
    ['the end of the stream', withTwo(stream), ended, 'stream', 1, ['leave origin-unreachable']],
    ['a pruned log', pages, broke(pruned(7)), 'pages', 7, []],
    ['a pruned log forgets what is kept', withTwo(stream), broke(pruned(7)), 'pages', 7, []],
    ['a checkpoint that is not ahead', pages, broke(pruned(0)), 'pages', 1, ['leave log-pruned']],
    [
      'a second checkpoint',
      after(pages, broke(pruned(7))).state,
      broke(pruned(9)),
      'pages',
      7,
      ['leave log-pruned'],
    ],
    ['silence of a page', withTwo(pages), broke(silent), 'pages', 1, ['leave silent-feed']],
    [
      'silence of the stream',
      withTwo(stream),
      broke(silent),
      'stream',
      1,
      ['store 1 2', 'leave silent-feed'],
    ],
    ['who is away', withTwo(stream), broke(away), 'stream', 1, ['leave origin-unreachable']],
    ['a record was handled', withTwo(stream), handled(1), 'stream', 1, ['progressed']],
    ['something else was handled', after(stream, other()).state, handled(1), 'stream', 1, []],
  ];
  for (const [name, from, event, phase, ask, does] of table) {
    const { state, commands } = step(from, event);
    t.strictSame(commands.map(told), does, name);
    t.equal(state.phase, phase, `${name}: the phase`);
    t.equal(state.next, ask, `${name}: what it asks for next`);
  }
});

t.test('nothing is stored twice', async (t) => {
  const silent = new SkerryError('silent-feed', 'nothing comes');
  const head = headFrame(log.head());
  const { commands } = after(inStream(), ...records.map(frame), frame(head), broke(silent));
  t.strictSame(commands.map(told).slice(-4), ['store 1 2 3 4', 'keep-head 4', 'tell 4', 'leave silent-feed']);
});

t.test('what is kept is bounded by number and by bytes', async (t) => {
  const many = new SignedLog();
  for (let i = 0; i < 501; i++) many.append();
  const { commands, state } = after(fresh(), ...many.records.map(recordFrame).map(frame));
  t.strictSame(
    commands.map((command) => command.kind === 'store' && command.records.length),
    [500],
  );
  t.equal(state.kept.length, 1);
  const large = new SignedLog();
  large.append({ payload: JSON.stringify({ reason: 'x'.repeat(PAGE_BYTES) }) });
  t.strictSame(after(fresh(), ...large.records.map(recordFrame).map(frame)).commands.map(told), ['store 1']);
});

t.test('a checkpoint in place of what was pruned, and only where it was asked for', async (t) => {
  const short = new SignedLog();
  for (let i = 0; i < 6; i++) short.append();
  const checkpoint = frame(recordFrame(short.checkpoint()));
  const next = frame(recordFrame(short.append()));
  const again = after(fresh(), broke(pruned(7)), checkpoint, next);
  t.strictSame(again.commands, []);
  t.equal(again.state.chain.seq, 8);
  t.strictSame(after(fresh(), checkpoint).commands.map(told), ['leave broken-chain']);
});

t.test('an upstream that does not keep up', async (t) => {
  const beats = (isOnly: boolean) => {
    const events = [1, 2, 3, 4, 5, 6, 7].flatMap((i) => [frame(headFrame(log.head(i))), handled(i * 5000)]);
    // Its heads name four records, of which two have come.
    return after(withTwo(inStream({ isOnly })), ...events).commands.map(told);
  };
  t.strictSame(beats(false).slice(-3), ['note-fault stale-head', 'avoid', 'leave stale-head']);
  t.strictSame(beats(true).slice(-2), ['note-fault stale-head', 'progressed'], 'the only one is followed on');
  const still = after(withTwo(inStream()), handled(1), other(), handled(15_000), other(), handled(30_000));
  t.strictSame(
    still.commands.map(told),
    ['progressed', 'note-fault stale-head', 'store 1 2', 'leave stale-head'],
    'one that repeats an old head, or none, does not lie',
  );
});

t.test('noise is passed over for a while', async (t) => {
  const noise = Array.from({ length: 257 }, () => [other(), handled(1)]).flat();
  t.strictSame(after(inStream(), ...noise.slice(2)).commands, []);
  t.strictSame(after(inStream(), ...noise).commands.map(told), ['leave upstream-protocol']);
  const broken = [...noise.slice(2), frame(records[0] as Frame), handled(1), ...noise.slice(2)];
  t.strictSame(after(inStream(), ...broken).commands.map(told), ['progressed']);
});

t.test('who lies is avoided', async (t) => {
  t.equal(afterLeaving(new SkerryError('broken-chain', 'no')), 'avoid');
  t.equal(afterLeaving(new SkerryError('stale-head', 'no')), 'advance');
  t.equal(afterLeaving(new Error('no')), 'advance');
});
