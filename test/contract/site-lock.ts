import t, { type Test } from 'tap';
import type { SiteLock } from '../../origin/publish/site-lock.ts';
import { until } from '../helpers/until.ts';

/** Work that ends when it is told to, and keeps a diary. */
class Work {
  readonly #ended = Promise.withResolvers<string>();
  readonly #name: string;
  readonly #diary: string[];

  constructor(name: string, diary: string[]) {
    this.#name = name;
    this.#diary = diary;
  }

  readonly run = async (): Promise<string> => {
    this.#diary.push(`${this.#name} begins`);
    try {
      return await this.#ended.promise;
    } finally {
      this.#diary.push(`${this.#name} ends`);
    }
  };

  hasBegun(): Promise<true> {
    return until(`${this.#name} to begin`, () => this.#diary.includes(`${this.#name} begins`) || undefined);
  }

  end(): void {
    this.#ended.resolve(this.#name);
  }

  fail(): void {
    this.#ended.reject(new Error(this.#name));
  }
}

/** What every site lock must do. `nodes` gives it as two origins have it; where one has it alone, the same twice. */
export function siteLockContract(
  name: string,
  nodes: (t: Test) => Promise<readonly [SiteLock, SiteLock]>,
): void {
  const suite = (
    title: string,
    run: (
      t: Test,
      locks: readonly [SiteLock, SiteLock],
      work: (name: string) => Work,
      diary: string[],
    ) => Promise<void>,
  ) =>
    t.test(`${name}: ${title}`, async (t) => {
      const diary: string[] = [];
      await run(t, await nodes(t), (called) => new Work(called, diary), diary);
    });

  suite('the work of one site runs one after another, in its order', async (t, [one], work, diary) => {
    const [a, b, c] = [work('a'), work('b'), work('c')];
    const done = [one.run(1, a.run), one.run(1, b.run), one.run(1, c.run)];
    c.end();
    b.end();
    await a.hasBegun();
    t.strictSame(diary, ['a begins'], 'what could end first still waits');
    a.end();
    t.strictSame(await Promise.all(done), ['a', 'b', 'c']);
    t.strictSame(diary, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  suite('the work of two origins never runs together', async (t, locks) => {
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => locks[i % 2 === 0 ? 0 : 1].run(1, work)));
    t.equal(most, 1);
  });

  suite('the work of different sites runs side by side', async (t, [one, other], work) => {
    const [a, b] = [work('a'), work('b')];
    const first = one.run(1, a.run);
    const second = other.run(2, b.run);
    await Promise.all([a.hasBegun(), b.hasBegun()]);
    b.end();
    t.equal(await second, 'b', 'ends while the other runs');
    a.end();
    t.equal(await first, 'a');
  });

  suite('a failure reaches its caller and lets the next one run', async (t, [one, other], work) => {
    const [a, b] = [work('a'), work('b')];
    const first = one.run(1, a.run);
    await a.hasBegun();
    const second = other.run(1, b.run);
    b.end();
    a.fail();
    await t.rejects(first, { message: 'a' });
    t.equal(await second, 'b');
  });

  suite('whoever gives up waiting is told at once, and never begins', async (t, [
    one,
    other,
  ], work, diary) => {
    const [a, b, c] = [work('a'), work('b'), work('c')];
    const impatient = new AbortController();
    const first = one.run(1, a.run);
    await a.hasBegun();
    const second = other.run(1, b.run, impatient.signal);
    const third = other.run(1, c.run);
    impatient.abort(new Error('too late'));
    await t.rejects(second, { message: 'too late' });
    t.strictSame(diary, ['a begins'], 'while the first still runs');
    a.end();
    c.end();
    t.strictSame(await Promise.all([first, third]), ['a', 'c']);
    t.strictSame(diary, ['a begins', 'a ends', 'c begins', 'c ends']);
  });

  suite('work that has begun keeps the lock, though nobody waits for it', async (t, [
    one,
    other,
  ], work, diary) => {
    const [a, b] = [work('a'), work('b')];
    const impatient = new AbortController();
    const first = one.run(1, a.run, impatient.signal);
    await a.hasBegun();
    const second = other.run(1, b.run);
    impatient.abort(new Error('too late'));
    await t.rejects(first, { message: 'too late' });
    t.strictSame(diary, ['a begins']);
    b.end();
    a.end();
    t.equal(await second, 'b');
    t.strictSame(diary, ['a begins', 'a ends', 'b begins', 'b ends']);
    t.equal(await one.run(1, async () => 'free', new AbortController().signal), 'free');
  });
}
