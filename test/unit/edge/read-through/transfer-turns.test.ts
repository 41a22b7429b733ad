import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { TransferTurns } from '../../../../edge/read-through/transfer-turns.ts';

function world() {
  let now = 0;
  const turns = new TransferTurns(() => now);
  const ask = (client: string) => {
    const asked = turns.ask(client);
    const state = { turn: asked, hasCome: false };
    void asked.come.then(() => {
      state.hasCome = true;
    });
    return state;
  };
  const many = (client: string, count: number) => Array.from({ length: count }, () => ask(client));
  return { ask, many, after: (ms: number) => (now += ms) };
}

t.test('who waits for many leaves half of the transfers to others', async (t) => {
  const { ask, many } = world();
  const crowd = many('a', 100);
  await turn();
  t.equal(crowd.filter(({ hasCome }) => hasCome).length, 6);
  const other = ask('b');
  await turn();
  t.ok(other.hasCome);
});

t.test('a turn lasts a second while another would take its place, and for ever otherwise', async (t) => {
  const { many, after } = world();
  const [first, ...waiting] = many('a', 9);
  await turn();
  t.notOk(first?.turn.isOver);
  after(1000);
  t.ok(first?.turn.isOver);
  first?.turn.end();
  await turn();
  t.equal(waiting.filter(({ hasCome }) => hasCome).length, 6);
  for (const { turn } of waiting) turn.giveUp();
  after(5000);
  t.notOk(waiting.some(({ turn }) => turn.isOver));
});

t.test('a reader of one film is not held up by whoever waits for his own hundred', async (t) => {
  const { ask, many, after } = world();
  many('a', 100);
  const reader = ask('b');
  await turn();
  after(5000);
  t.notOk(reader.turn.isOver);
});

t.test('what another client waits for, too, has the better turn of the two', async (t) => {
  const { many } = world();
  const crowd = many('a', 100);
  const last = crowd.at(-1);
  await turn();
  t.notOk(last?.hasCome);
  last?.turn.add('b');
  await turn();
  t.ok(last?.hasCome);
});
