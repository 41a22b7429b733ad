import { pino } from 'pino';
import t from 'tap';
import { Departure } from '../../../../edge/replica/departure.ts';

const log = pino({ level: 'silent' });

function leaving({ wasDrained = false, failures = 0 } = {}) {
  const did: string[] = [];
  const stop = new AbortController();
  let left = failures;
  const departure = new Departure(
    {
      name: 'oslo',
      catalog: {
        async noteRevoked() {
          if (left-- > 0) throw new Error('the disk is full');
          did.push('noted');
        },
      },
      readers: { drained: (isDrained) => did.push(`drained ${isDrained}`) },
      wasDrained: () => wasDrained,
      clock: {
        async sleep(ms) {
          did.push(`waited ${ms}`);
        },
      },
      log,
    },
    stop.signal,
  );
  return { departure, did };
}

t.test('the edge remembers its revocation, drains, waits for its readers, and ends', async (t) => {
  const { departure, did } = leaving();
  t.equal(departure.hasBegun, false);
  departure.begin();
  departure.begin();
  t.equal(departure.hasBegun, true);
  await departure.over;
  t.strictSame(did, ['noted', 'drained true', 'waited 10000']);
});

t.test('a drained edge has no readers to wait for', async (t) => {
  const { departure, did } = leaving({ wasDrained: true });
  departure.begin();
  await departure.over;
  t.strictSame(did, ['noted', 'drained true']);
});

t.test('an edge that cannot store its revocation tries again', async (t) => {
  const { departure, did } = leaving({ wasDrained: true, failures: 1 });
  departure.begin();
  await new Promise(setImmediate);
  t.equal(departure.hasBegun, false);
  departure.begin();
  await departure.over;
  t.strictSame(did, ['noted', 'drained true']);
});
