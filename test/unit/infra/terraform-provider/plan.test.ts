import t from 'tap';
import { planChange } from '../../../../infra/terraform-provider/values/plan.ts';
import type { Attributes } from '../../../../infra/terraform-provider/values/schema.ts';
import { storedState } from '../../../../infra/terraform-provider/values/stored-state.ts';
import { UNKNOWN } from '../../../../infra/terraform-provider/values/unknown.ts';

const attributes: Attributes = {
  name: { description: '', presence: 'required', type: 'string', forcesReplacement: true },
  mode: { description: '', presence: 'optional', type: 'string', default: 'async' },
  note: { description: '', presence: 'optional', type: 'string' },
  window: {
    ...{ description: '', presence: 'optional', default: { cron: '0 3 * * *', rate: null } },
    attributes: {
      cron: { description: '', presence: 'optional', type: 'string', default: '0 3 * * *' },
      rate: { description: '', presence: 'optional', type: 'number' },
    },
  },
  id: { description: '', presence: 'computed', type: 'string' },
  state: { description: '', presence: 'computed', type: 'string', changesWithOthers: true },
};
const nothing = { name: 'a', mode: null, note: null, window: null, id: null, state: null };
const prior = { ...nothing, mode: 'async', window: { cron: '0 3 * * *', rate: null }, id: '1', state: 'up' };

t.test('what is created has its defaults, and what the provider computes is unknown', async (t) => {
  t.strictSame(planChange(attributes, null, nothing), {
    planned: { ...prior, id: UNKNOWN, state: UNKNOWN },
    replaces: [],
  });
});

t.test('without a change the plan is the state', async (t) => {
  t.strictSame(planChange(attributes, prior, nothing), { planned: prior, replaces: [] });
});

t.test('a value that the configuration has no more returns to its default', async (t) => {
  const { planned } = planChange(attributes, { ...prior, mode: 'sync', note: 'old' }, nothing);
  t.strictSame(planned, { ...prior, state: UNKNOWN });
});

t.test('parts of an object have defaults of their own', async (t) => {
  const { planned } = planChange(attributes, prior, { ...nothing, window: { cron: null, rate: 5 } });
  t.strictSame(planned.window, { cron: '0 3 * * *', rate: 5 });
});

t.test('unknown values stay unknown, whole or in part', async (t) => {
  const { planned } = planChange(attributes, prior, { ...nothing, note: UNKNOWN, window: UNKNOWN });
  t.match(planned, { note: UNKNOWN, window: UNKNOWN, state: UNKNOWN, id: '1' });
});

t.test('a changed name needs another resource', async (t) => {
  t.strictSame(planChange(attributes, prior, { ...nothing, name: 'b' }).replaces, ['name']);
  t.strictSame(planChange(attributes, prior, { ...nothing, name: UNKNOWN }).replaces, ['name']);
});

t.test('a state of another version gets the present form', async (t) => {
  const stored = { name: 'a', mode: 'sync', gone: true, window: { cron: 'x', gone: 1 } };
  t.strictSame(storedState(attributes, JSON.stringify(stored)), {
    ...nothing,
    mode: 'sync',
    window: { cron: 'x', rate: null },
  });
});
