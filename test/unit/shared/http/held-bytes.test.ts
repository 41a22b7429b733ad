import t from 'tap';
import { HeldBytes } from '../../../../shared/http/held-bytes.ts';

t.test('what is held is bounded by client and in all, until it is released', async (t) => {
  const held = new HeldBytes({ perClient: 10, all: 15 });
  const one = held.from('1.1.1.1');
  one.take(6);
  one.take(4);
  t.throws(
    () => held.from('1.1.1.1').take(1),
    { code: 'unavailable' },
    'another connection of the same client',
  );
  const other = held.from('2.2.2.2');
  other.take(5);
  t.throws(() => other.take(1), { code: 'unavailable' }, 'all of it is taken');
  one.release();
  one.release();
  one.take(10);
  other.take(5);
  t.throws(() => other.take(1), { code: 'unavailable' });
  held.from('3.3.3.3').take(5);
  t.throws(() => held.from('1.1.1.1').take(1), { code: 'unavailable' });
});
