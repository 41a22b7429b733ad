import t from 'tap';
import type { TrialError } from '../../../../../edge/messages/counters.ts';
import { Counters } from '../../../../../edge/serve/metering/counters.ts';
import { RecentRequests } from '../../../../../edge/serve/metering/recent-requests.ts';
import { Rehearsals } from '../../../../../edge/serve/metering/rehearsal.ts';
import { createLogger } from '../../../../../shared/process/logger.ts';
import { until } from '../../../../helpers/until.ts';

const ERROR: TrialError = { isLost: true, path: '/b', status: 404, before: 200, referer: null };

t.test('each revision on trial is rehearsed once, with the requests before', async (t) => {
  const recent = new RecentRequests();
  const counters = new Counters();
  const rehearsals = new Rehearsals(recent, counters, createLogger());
  const asked: string[] = [];
  const site = {
    name: 'docs',
    foresee: ({ target }: { target: string }) => {
      asked.push(target);
      return target === '/b' ? ERROR : undefined;
    },
  };
  counters.show([{ name: 'docs', revision: 1 }]);
  for (const target of ['/a', '/b', '/b']) {
    recent.note('docs', target, 'docs.example', undefined);
    counters.count('docs', 200, 0, 0);
  }
  counters.show([{ name: 'docs', revision: 2 }]);
  rehearsals.begin(site, 2);
  rehearsals.begin(site, 2);
  const trial = () => counters.snapshot().docs?.trial;
  await until('the rehearsal', async () => trial()?.rehearsal?.requests === 3);
  t.strictSame(asked, ['/a', '/b', '/b']);
  t.match(trial(), { lost: 0, rehearsal: { requests: 3, lost: 2 }, worst: [{ path: '/b', count: 2 }] });
  counters.show([{ name: 'docs', revision: 3 }]);
  rehearsals.begin(site, 2);
  t.match(trial(), { rehearsal: null, worst: [] }, 'another revision has other counts');
  counters.show([{ name: 'docs', revision: 2 }]);
  rehearsals.begin(site, 2);
  await until('another rehearsal', async () => trial()?.rehearsal?.requests === 3);
});
