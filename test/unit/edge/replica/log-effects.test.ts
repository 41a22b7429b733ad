import t from 'tap';
import { LogPosition } from '../../../../edge/follow/log/log-position.ts';
import type { LogTime } from '../../../../edge/follow/log/log-time.ts';
import { LogEffects, type LogEffectsParts } from '../../../../edge/replica/log-effects.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import { ReportCalls } from '../../../../shared/feed/report-calls.ts';
import { follow } from '../../../../shared/log/chain-state.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { until } from '../../../helpers/until.ts';
import { SignedLog } from '../signed-log.ts';

const log = new SignedLog();
const start = SignedLog.start();
const one = follow(start, log.append());

/** A replica that only notes, in order, what it is told to do. */
async function world({ isBusy = false, isOut = false, isDated = false } = {}) {
  const does: string[] = [];
  const note = (what: string) => void does.push(what);
  const woken = (what: string) => {
    const wakeup = new Wakeup();
    wakeup.always(() => note(what));
    return wakeup;
  };
  const position = await LogPosition.open({
    chain: async () => start,
    async members() {
      note('members');
      return [];
    },
  });
  does.length = 0;
  let timeChanged = () => {};
  const calls = new ReportCalls();
  const parts: LogEffectsParts = {
    position,
    catalog: { redate: async () => isDated },
    time: {
      ahead: 7,
      now: () => 5,
      onChange(told: () => void) {
        timeChanged = told;
      },
    } as LogTime,
    loops: {
      async wake() {
        note('loops');
        return isBusy;
      },
    },
    aheadFetch: { offered: (sites) => note(`ahead ${sites.join()}`) },
    visible: { show: async () => note('show') },
    readers: { time: (ahead) => note(`time ${ahead}`), drained: (isDrained) => note(`drained ${isDrained}`) },
    isDrained: () => true,
    membership: { heard: () => note('heard') },
    roster: { set: () => {} },
    children: {
      setMembers() {
        note('children');
        return isOut;
      },
    },
    reporter: { changed: () => note('report'), called: () => note('called') },
    name: 'oslo',
    calls,
    feedChanged: woken('feed'),
    purgesCame: woken('purges'),
    log: createLogger(),
  };
  const effects = new LogEffects(parts);
  return { position, effects, does, calls, timeChanged: () => timeChanged() };
}

t.test('new records, in this order', async (t) => {
  const { position, does } = await world();
  position.moved(one, log.head());
  await until('the last effect', () => does.includes('report'));
  t.strictSame(does, [
    'heard',
    'loops',
    'feed',
    'members',
    'drained true',
    'children',
    'loops',
    'show',
    'purges',
    'report',
  ]);
});

t.test('what sites bring in is reported when it has come', async (t) => {
  const { position, does } = await world({ isBusy: true });
  position.moved(one, undefined);
  await until('the last effect', () => does.includes('purges'));
  t.notOk(does.includes('report'));
});

t.test('when a member is out, streams look again who may read', async (t) => {
  const { position, does } = await world({ isOut: true });
  position.moved(one, undefined);
  await until('the last effect', () => does.includes('report'));
  t.strictSame(does.slice(does.indexOf('children'), does.indexOf('show')), ['children', 'feed', 'loops']);
});

t.test('another way to the origin, a head alone, another time', async (t) => {
  const { position, does, timeChanged } = await world();
  position.pathChanged(['x']);
  position.moved(start, log.head());
  timeChanged();
  t.strictSame(does, ['feed', 'called', 'heard', 'time 7', 'loops']);
});

t.test('a call for reports is answered by those whom it names, and passed on to all', async (t) => {
  const { position, does, calls } = await world();
  for (const edges of [['bergen'], ['oslo', 'bergen'], null]) position.called(edges);
  t.strictSame(does, ['feed', 'called', 'called'], 'calls that come together wake the children together');
  await until('the second wake-up', () => does.length > 3);
  t.strictSame(does.slice(3), ['feed']);
  t.strictSame([calls.newest, calls.since(0), calls.since(2)], [3, null, null]);
});

t.test('dates in the future are shown anew only where there are any', async (t) => {
  const none = await world();
  none.effects.redate();
  const some = await world({ isDated: true });
  some.effects.redate();
  await until('the last effect', () => some.does.includes('loops'));
  t.strictSame(some.does, ['show', 'loops']);
  t.strictSame(none.does, []);
});

t.test('what is offered ahead of its revision is passed to the code that fetches it', async (t) => {
  const { position, does } = await world();
  position.offered([1, 7]);
  t.strictSame(does, ['ahead 1,7']);
});
