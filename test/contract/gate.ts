import t, { type Test } from 'tap';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { random } from '../helpers/random.ts';
import { until } from '../helpers/until.ts';

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await null;
};

/** What every gate must do. `nodes` gives it as two processes have it; where one has it alone, the same twice. */
export function gateContract(name: string, nodes: (t: Test) => Promise<readonly [Gate, Gate]>): void {
  const suite = (title: string, run: (t: Test, gates: readonly [Gate, Gate]) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => run(t, await nodes(t)));

  suite('many together, or one alone: random comings and goings', async (t, gates) => {
    const numbers = random(3);
    let together = 0;
    let most = 0;
    let isAlone = false;
    await Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        await turns(numbers.below(50));
        const gate = gates[numbers.below(2) === 0 ? 0 : 1];
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

  suite('whoever wants to be alone is not starved, and the order is kept', async (t, [one]) => {
    const order: string[] = [];
    const inside = Promise.withResolvers<void>();
    const first = one.shared(() => {
      order.push('first');
      return inside.promise;
    });
    await until('the first to be inside', () => order.length === 1);
    const alone = one.alone(async () => {
      order.push('alone');
    });
    const later = one.shared(async () => {
      order.push('later');
    });
    await turns(20);
    t.strictSame(order, ['first'], 'who comes after waits too');
    inside.resolve();
    await Promise.all([first, alone, later]);
    t.strictSame(order, ['first', 'alone', 'later']);
  });

  suite('work that fails leaves', async (t, [one, other]) => {
    const fail = () => Promise.reject(new Error('no'));
    await t.rejects(one.alone(fail), { message: 'no' });
    t.equal(await other.shared(async () => 'in'), 'in');
    await t.rejects(other.shared(fail), { message: 'no' });
    t.equal(await one.alone(async () => 'in'), 'in');
  });
}
