import t from 'tap';
import type { SiteView } from '../../../../../edge/messages/views.ts';
import { Views } from '../../../../../edge/serve/site/views.ts';
import type { SwitchDecision } from '../../../../../edge/store/switch-decisions.ts';

const view = (revision: number): SiteView => ({
  ...{ id: 1, name: 'docs', domains: [], revision, prefixes: null, needsLease: false, private: null },
  ...{ alias: null, aliasSuffixes: [], trial: null },
  former: { revisions: [], paths: null, purges: [], beside: null },
});
const coming = (id: string, revision: number) => ({ id, views: [view(revision)] });

/** The views of a process in which holds end as `decision` says. */
function world(decision: SwitchDecision) {
  const decided: string[] = [];
  const shown: number[] = [];
  const views = new Views({
    handlerOf: ({ revision }) => ({
      name: String(revision),
      answer: () => Promise.reject(new Error('nobody asks')),
      prepared: () => undefined,
    }),
    decide: (id) => {
      decided.push(id);
      return decision;
    },
    shown: ([first]) => shown.push(first?.revision ?? 0),
  });
  /** The revision that the next request sees. Undefined while it would wait. */
  const revision = () => {
    const sites = views.current();
    return sites instanceof Promise ? undefined : Number(sites.find('docs.localhost')?.name);
  };
  const holdEnds = async () => {
    const sites = views.current();
    if (sites instanceof Promise) await sites;
  };
  return { views, decided, shown, revision, holdEnds };
}

t.test('during a hold, requests wait for the switch', async (t) => {
  const { views, decided, shown, revision, holdEnds } = world('stay');
  t.equal(revision(), undefined, 'a new process has no views yet');
  views.show([view(1)]);
  t.equal(revision(), 1);
  views.hold(coming('a', 2));
  const ended = holdEnds();
  t.equal(revision(), undefined);
  views.switch('a');
  await ended;
  t.equal(revision(), 2);
  views.switch('a');
  t.strictSame(shown, [1, 2], 'it may be told again');
  t.strictSame(decided, []);
});

t.test('a hold that ends by itself ends as all processes have decided', async (t) => {
  const [stays, switches] = [world('stay'), world('switch')];
  for (const { views } of [stays, switches]) {
    views.show([view(1)]);
    views.hold(coming('a', 2));
  }
  await Promise.all([stays.holdEnds(), switches.holdEnds()]);
  t.equal(stays.revision(), 1);
  t.equal(switches.revision(), 2);
  t.strictSame([stays.decided, switches.decided], [['a'], ['a']]);
  t.strictSame([stays.shown, switches.shown], [[1], [1, 2]]);
  stays.views.switch('a');
  switches.views.switch('a');
  t.strictSame([stays.revision(), switches.revision()], [1, 2], 'a late message changes nothing');
});

t.test('a hold replaces the one before, and its time begins anew', async (t) => {
  const { views, decided, revision, holdEnds } = world('switch');
  views.show([view(1)]);
  views.hold(coming('a', 2));
  views.hold(coming('b', 3));
  views.switch('a');
  t.equal(revision(), undefined, 'the first switch is over');
  await holdEnds();
  t.equal(revision(), 3);
  t.strictSame(decided, ['b']);
});

t.test('a new process that took part in no switch waits for its first views', async (t) => {
  const { views, decided, revision } = world('stay');
  const ended = new Promise<void>((resolve) => {
    const other = world('stay');
    other.views.show([view(1)]);
    views.hold(coming('a', 2));
    // This hold began later, so it ends later.
    other.views.hold(coming('a', 2));
    void other.holdEnds().then(resolve);
  });
  await ended;
  t.strictSame(decided, ['a']);
  t.equal(revision(), undefined);
  views.show([view(2)]);
  t.equal(revision(), 2);
});
