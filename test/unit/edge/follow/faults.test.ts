import t from 'tap';
import { Faults, isLie } from '../../../../edge/follow/faults.ts';
import { type ErrorCode, SkerryError } from '../../../../shared/errors.ts';
import { jumpingClock } from '../jumping-clock.ts';

const error = (code: ErrorCode, message = 'm') => new SkerryError(code, message);

t.test('what is noted, and what is a lie', async (t) => {
  const table: [code: ErrorCode, isNoted: boolean, isALie: boolean][] = [
    ['bad-signature', true, true],
    ['broken-chain', true, true],
    ['root-mismatch', true, true],
    ['corrupt-object', true, true],
    ['upstream-protocol', true, true],
    ['too-large', true, true],
    ['unknown-critical-record', true, false],
    ['parent-loop', true, false],
    ['beyond-parent', true, false],
    ['beyond-log', true, false],
    ['stale-head', true, false],
    ['silent-feed', true, false],
    ['origin-unreachable', false, false],
    ['not-yet-held', false, false],
    ['no-longer-held', false, false],
    ['log-pruned', false, false],
    ['unavailable', false, false],
    ['disk-full', false, false],
    ['internal', false, false],
  ];
  for (const [code, isNoted, isALie] of table) {
    const faults = new Faults(jumpingClock());
    faults.note(error(code), 'u');
    t.equal(faults.list().length === 1, isNoted, code);
    t.equal(isLie(error(code)), isALie, `${code}: a lie`);
  }
  const faults = new Faults(jumpingClock());
  for (const other of [new Error('bad-signature'), 'bad-signature', undefined, null]) faults.note(other, 'u');
  t.strictSame(faults.list(), []);
  t.equal(isLie(Object.assign(new Error('x'), { code: 'bad-signature' })), false);
});

t.test('one that is repeated gets a newer time, and is the newest', async (t) => {
  const clock = jumpingClock(100);
  const faults = new Faults(clock);
  faults.note(error('bad-signature', 'first'), 'a');
  faults.note(error('bad-signature'), 'b');
  faults.note(error('broken-chain'), 'a');
  clock.advance(5);
  faults.note(error('bad-signature', 'second'), 'a');
  t.strictSame(
    faults.list().map(({ time, code, message, upstream }) => `${time} ${code} ${message} ${upstream}`),
    ['100 bad-signature m b', '100 broken-chain m a', '105 bad-signature second a'],
  );
});

t.test('the newest are kept, and long messages are cut', async (t) => {
  const faults = new Faults(jumpingClock());
  for (let i = 0; i < 50; i++) faults.note(error('stale-head', 'x'.repeat(1000)), `u${i}`);
  t.equal(faults.list().length, 20);
  t.equal(faults.list()[0]?.upstream, 'u30');
  t.equal(faults.list().at(-1)?.upstream, 'u49');
  t.equal(faults.list()[0]?.message.length, 500);
});

t.test('a list that was handed out does not change', async (t) => {
  const faults = new Faults(jumpingClock());
  const before = faults.list();
  faults.note(error('stale-head'), 'a');
  t.strictSame(before, []);
});
