import t from 'tap';
import { EXCHANGE_LIMITS, type Exchange, Exchanges } from '../../../../../edge/serve/connection/exchanges.ts';

const LIMITS = { requests: 4, clientRequests: 3, bodies: 2, clientBodies: 2, connectionBodies: 1 };
const NEVER = () => new Promise<never>(() => {});
const GONE = () => Promise.resolve();
const SECOND = 1000;

function setUp() {
  const ended: string[] = [];
  const clock = { now: 0 };
  const exchanges = new Exchanges(LIMITS, () => clock.now);
  const begin = (client: string, name = client, connection: object = {}) =>
    exchanges.begin({ client, connection, isSecure: false, end: () => ended.push(name) });
  const must = (client: string, name = client, connection: object = {}): Exchange => {
    const exchange = begin(client, name, connection);
    if (exchange === undefined) throw new Error(`${name} is refused`);
    return exchange;
  };
  return { exchanges, clock, ended, begin, must };
}

t.test('requests of one client, and of all', (t) => {
  const { clock, ended, begin, must } = setUp();
  const first = must('a');
  must('a');
  must('a');
  t.equal(begin('a'), undefined, 'the client has its share');
  first.close();
  first.close();
  must('a');
  must('b');
  t.equal(begin('c'), undefined, 'the process has all it takes');
  t.same(ended, []);
  clock.now = 10 * SECOND;
  must('c');
  t.same(ended, ['a'], 'one that has stood still makes room');
  t.end();
});

t.test('who takes nothing for a minute is ended, who takes something is not', (t) => {
  const { exchanges, clock, ended, must } = setUp();
  const reader = must('a', 'reader');
  must('a', 'stalled');
  clock.now = 59 * SECOND;
  reader.progressed();
  exchanges.endStalled();
  t.same(ended, []);
  clock.now = 60 * SECOND;
  exchanges.endStalled();
  t.same(ended, ['stalled']);
  t.equal(exchanges.size, 1);
  t.end();
});

t.test('who takes something of one long write is not ended', (t) => {
  const { exchanges, clock, ended } = setUp();
  const taken = { reader: 0, stalled: 1000 };
  const begin = (name: keyof typeof taken) =>
    exchanges.begin({
      client: name,
      connection: {},
      isSecure: false,
      takenBytes: () => taken[name],
      end: () => ended.push(name),
    });
  begin('reader');
  begin('stalled');
  for (let second = 1; second <= 60; second++) {
    clock.now = second * SECOND;
    if (second % 20 === 0) taken.reader++;
    exchanges.lookAtTaken();
    exchanges.endStalled();
    if (second === 59) t.same(ended, []);
  }
  t.same(ended, ['stalled']);
  t.end();
});

t.test('large bodies wait for a place', async (t) => {
  const { must } = setUp();
  const connection = {};
  const one = must('a', 'one', connection);
  const two = must('a', 'two', connection);
  const three = must('b');
  t.equal(await one.beginBody(NEVER), true);
  t.equal(await one.beginBody(NEVER), true, 'it has one already');
  let hasBegun = false;
  const waiting = Promise.resolve(two.beginBody(NEVER)).then((begun) => {
    hasBegun = begun;
  });
  t.equal(await three.beginBody(NEVER), true, 'another connection is not held up');
  t.equal(hasBegun, false);
  one.close();
  await waiting;
  t.equal(hasBegun, true);
});

t.test('those who stand still make room for a body that waits', async (t) => {
  const { exchanges, clock, ended, must } = setUp();
  await must('a', 'stalled').beginBody(NEVER);
  const reader = must('b', 'reader');
  await reader.beginBody(NEVER);
  must('a', 'small');
  clock.now = 10 * SECOND;
  exchanges.endStalled();
  t.same(ended, [], 'nobody waits');
  const waiting = must('c', 'waiting').beginBody(NEVER);
  reader.progressed();
  exchanges.endStalled();
  t.equal(await waiting, true);
  t.same(ended, ['stalled']);
});

t.test('a reader who leaves waits no more', async (t) => {
  const { must } = setUp();
  const first = must('a');
  await first.beginBody(NEVER);
  await must('a').beginBody(NEVER);
  const left = must('b');
  t.equal(await left.beginBody(GONE), false);
  left.close();
  first.close();
  t.equal(await must('c').beginBody(NEVER), true, 'its place is free');
});

t.test('who waits for what its own reader has takes nothing from others', async (t) => {
  const { exchanges, clock, ended, must } = setUp();
  const connection = {};
  await must('a', 'own', connection).beginBody(NEVER);
  await must('b', 'other').beginBody(NEVER);
  const waiting = Promise.resolve(must('a', 'waiting', connection).beginBody(NEVER));
  clock.now = 10 * SECOND;
  exchanges.endStalled();
  t.same(ended, ['own']);
  t.equal(await waiting, true);
});

t.test('streams of a slow reader are not ended while it reads their connection', async (t) => {
  const { exchanges, clock, ended, must } = setUp();
  const taken = { read: 0, unread: 0 };
  const begin = (client: keyof typeof taken) => {
    return exchanges.begin({
      client,
      connection: {},
      isSecure: false,
      sharesConnection: true,
      takenBytes: () => taken[client],
      end: () => ended.push(client),
    });
  };
  await begin('read')?.beginBody(NEVER);
  begin('unread');
  await must('b', 'full').beginBody(NEVER);
  const secondsUntil = (second: number) => {
    while (clock.now < second * SECOND) {
      clock.now += SECOND;
      taken.read++;
      exchanges.lookAtTaken();
      exchanges.endStalled();
    }
  };
  secondsUntil(599);
  t.same(ended, ['unread', 'full']);
  secondsUntil(600);
  t.same(ended, ['unread', 'full', 'read']);
});

t.test('while another body waits, a minute is enough', async (t) => {
  const { exchanges, clock, ended, must } = setUp();
  let taken = 0;
  for (const client of ['a', 'b']) {
    const exchange = exchanges.begin({
      ...{ client, connection: {}, isSecure: false, sharesConnection: true, takenBytes: () => taken },
      end: () => ended.push(client),
    });
    await exchange?.beginBody(NEVER);
  }
  const waiting = must('c').beginBody(NEVER);
  for (let second = 1; second < 60; second++) {
    clock.now = second * SECOND;
    taken++;
    exchanges.lookAtTaken();
    exchanges.endStalled();
  }
  t.same(ended, []);
  clock.now = 60 * SECOND;
  exchanges.endStalled();
  t.equal(await waiting, true);
});

t.test('a large body over TLS takes the places of three', async (t) => {
  const exchanges = new Exchanges({ ...LIMITS, bodies: 4, clientBodies: 4 }, () => 0);
  const begin = (isSecure: boolean) =>
    exchanges.begin({ client: 'a', connection: {}, isSecure, end: () => {} });
  const secure = begin(true);
  t.equal(secure?.beginBody(NEVER), true);
  t.equal(begin(false)?.beginBody(NEVER), true);
  const waiting = Promise.resolve(begin(false)?.beginBody(NEVER));
  secure?.close();
  t.equal(await waiting, true);
  t.equal(begin(false)?.beginBody(NEVER), true);
});

t.test('bodies that share a connection over TLS take one place each', (t) => {
  const exchanges = new Exchanges({ ...LIMITS, connectionBodies: 2 }, () => 0);
  const connection = {};
  for (let i = 0; i < 2; i++) {
    const exchange = exchanges.begin({
      ...{ client: 'a', connection, isSecure: true, sharesConnection: true, end: () => {} },
    });
    t.equal(exchange?.beginBody(NEVER), true);
  }
  t.end();
});

for (const order of ['one after another', 'all together'])
  t.test(`twenty clients that take all they can get, ${order}, leave room for others`, (t) => {
    const exchanges = new Exchanges(EXCHANGE_LIMITS, () => 0);
    const take = (client: string): boolean => {
      const reader = {
        client,
        connection: {},
        isSecure: true,
        sharesConnection: true,
        end: () => {},
      } as const;
      const exchange = exchanges.begin(reader);
      return exchange !== undefined && exchange.beginBody(GONE) === true;
    };
    const attackers = Array.from({ length: 20 }, (_, i) => `attacker ${i}`);
    const most = EXCHANGE_LIMITS.clientRequests;
    if (order === 'all together') for (let i = 0; i < most; i++) for (const client of attackers) take(client);
    else for (const client of attackers) for (let i = 0; i < most; i++) take(client);
    t.ok(exchanges.size > EXCHANGE_LIMITS.requests / 2, `they have ${exchanges.size}`);
    let served = 0;
    for (let i = 0; i < 50; i++) for (let k = 0; k < 6; k++) if (take(`reader ${i}`)) served++;
    t.equal(served, 300, 'six large files for each of fifty readers');
    t.end();
  });
