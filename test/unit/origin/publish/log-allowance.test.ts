import t from 'tap';
import { LogAllowance } from '../../../../origin/publish/log-allowance.ts';

const KIB = 1024;

function handTurned() {
  let now = 5000;
  return {
    monotonic: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
}

t.test('a site may write much at once, and then little by little; another is not concerned', async (t) => {
  const clock = handTurned();
  const allowance = new LogAllowance(clock);
  for (let i = 0; i < 16; i++) allowance.spend('a', 64 * KIB);
  const refused = { code: 'too-many-changes', details: { retryAfter: 8 } };
  t.throws(() => allowance.spend('a', 64 * KIB), refused);
  t.throws(() => allowance.spend('a', 64 * KIB), refused, 'what is refused costs nothing');
  allowance.spend('b', 64 * KIB);
  clock.advance(8000);
  allowance.spend('a', 64 * KIB);
  t.throws(() => allowance.spend('a', 1), { code: 'too-many-changes', details: { retryAfter: 1 } });
  clock.advance(1000);
  allowance.spend('a', 8 * KIB);
});

t.test('what was written already is owed', async (t) => {
  const clock = handTurned();
  const allowance = new LogAllowance(clock);
  allowance.owe('a', 2 * 1024 * KIB);
  t.throws(() => allowance.spend('a', 1), { code: 'too-many-changes', details: { retryAfter: 129 } });
  clock.advance(129_000);
  allowance.spend('a', 1);
});
