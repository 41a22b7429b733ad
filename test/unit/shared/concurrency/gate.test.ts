import t from 'tap';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { random } from '../../../helpers/random.ts';

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await null;
};

t.test('many together, or one alone: random comings and goings', async (t) => {
  const numbers = random(3);
  const gate = new InProcessGate();
  let together = 0;
  let most = 0;
  let isAlone = false;
  await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      await turns(numbers.below(50));
      if (i % 10 === 0) {
        await gate.alone(async () => {
          if (together > 0 || isAlone) t.fail('somebody is inside beside the one');
          isAlone = true;
          await turns(numbers.below(5));
          isAlone = false;
        });
      } else {
        await gate.shared(async () => {
          if (isAlone) t.fail('the one is inside');
          most = Math.max(most, ++together);
          await turns(numbers.below(20));
          together--;
        });
      }
    }),
  );
  t.ok(most > 1, 'they were together');
});

t.test('whoever wants to be alone is not starved, and the order is kept', async (t) => {
  const gate = new InProcessGate();
  const order: string[] = [];
  let leave = () => {};
  const first = gate.shared(() => new Promise<void>((resolve) => (leave = resolve)));
  const alone = gate.alone(async () => {
    order.push('alone');
  });
  const later = gate.shared(async () => {
    order.push('later');
  });
  await turns(20);
  t.strictSame(order, [], 'who comes after waits too');
  leave();
  await Promise.all([first, alone, later]);
  t.strictSame(order, ['alone', 'later']);
});

t.test('work that fails leaves', async (t) => {
  const gate = new InProcessGate();
  await t.rejects(
    gate.alone(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.equal(await gate.shared(async () => 'in'), 'in');
  t.equal(await gate.alone(async () => 'in'), 'in');
});
