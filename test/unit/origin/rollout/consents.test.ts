import t from 'tap';
import type { RolloutRow } from '../../../../origin/catalog/rollout-calls.ts';
import { consentIn } from '../../../../origin/rollout/consent-state.ts';
import { Consents } from '../../../../origin/rollout/consents.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { seq } from '../../../../shared/log/record.ts';
import { READY_POLICIES } from '../../../../shared/site/ready-rollouts.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';

const NO_EVIDENCE = { edges: [], worst: [] };
const rollout: RolloutRow = {
  ...{ site: 1, siteName: 'docs', revision: 7, root: digestOf('7'), base: 6, seq: seq(9), message: 'm' },
  ...{ policy: READY_POLICIES.canary, state: 'running', reason: '', step: 1, edges: ['oslo'] },
  ...{ began: 0, stepped: 0, dwell: 1, ended: null, evidence: NO_EVIDENCE },
};

t.test('what a webhook answers', async (t) => {
  t.strictSame(consentIn(''), { kind: 'go' });
  t.strictSame(consentIn('{"verdict":"go"}'), { kind: 'go' });
  t.strictSame(consentIn('{"verdict":"wait","reason":"a freeze"}'), { kind: 'wait' });
  t.strictSame(consentIn('{"verdict":"veto","reason":"a freeze"}'), { kind: 'veto', why: 'a freeze' });
  for (const text of ['ok', '{}', '{"verdict":"maybe"}', `{"verdict":"veto","reason":"${'x'.repeat(501)}"}`])
    t.throws(() => consentIn(text), { code: 'bad-request' }, text.slice(0, 20));
});

/** Answers in turn. */
function asking(...answers: (string | Error)[]) {
  const clock = turnedClock();
  const asked: object[] = [];
  const consents = new Consents({
    ...{ clock, stopping: new AbortController().signal },
    async ask(name, question) {
      asked.push({ name, question });
      const answer = answers.shift() ?? '';
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const ask = async (of = rollout) => {
    const answered = consents.answered.wait(5000, new AbortController().signal);
    consents.ask(of, 'gate', NO_EVIDENCE);
    t.strictSame(consents.of(of), { kind: 'wait' }, 'it is being asked');
    await answered;
    return consents.of(of);
  };
  return { clock, consents, asked, ask };
}

t.test('an answer counts for one step', async (t) => {
  const { consents, asked, ask, clock } = asking('{"verdict":"go"}', '{"verdict":"veto","reason":"no"}');
  t.equal(consents.of(rollout), undefined, 'nobody was asked');
  t.strictSame(await ask(), { kind: 'go' });
  t.match(asked, [{ name: 'gate', question: { site: 'docs', revision: 7, base: 6, step: 2, shownBy: 1 } }]);
  clock.advance(60_000);
  t.strictSame(consents.of(rollout), { kind: 'go' });
  const next = { ...rollout, step: 2, stepped: 100 };
  t.equal(consents.of(next), undefined);
  t.strictSame(await ask(next), { kind: 'veto', why: 'no' });
  consents.keep(new Set([2]));
  t.equal(consents.of(next), undefined, 'the rollout has ended');
});

t.test('who wants to wait is asked again', async (t) => {
  const { consents, ask, clock } = asking('{"verdict":"wait"}', '{"verdict":"go"}');
  t.strictSame(await ask(), { kind: 'wait' });
  clock.advance(5000);
  t.strictSame(consents.of(rollout), { kind: 'wait' });
  clock.advance(5001);
  t.equal(consents.of(rollout), undefined);
  t.strictSame(await ask(), { kind: 'go' });
});

t.test('who fails three times does not answer, and one that is not there is told at once', async (t) => {
  const down = new SkerryError('unavailable', 'it answered 500');
  const { ask } = asking(down, 'what?', down, '{"verdict":"go"}');
  t.strictSame(await ask(), { kind: 'wait' });
  t.strictSame(await ask(), { kind: 'wait' });
  t.match(await ask(), { kind: 'none', why: /^the webhook gate does not answer: it answered 500/ });
  t.strictSame(await ask(), { kind: 'go' });
  const gone = new SkerryError('no-such-webhook', 'there is no webhook gate');
  t.strictSame(await asking(gone).ask(), { kind: 'absent', why: 'there is no webhook gate' });
});

t.test('an answer about a rollout that has ended says nothing about the next one', async (t) => {
  const answers: ((text: string) => void)[] = [];
  const consents = new Consents({
    ...{ clock: turnedClock(), stopping: new AbortController().signal },
    ask: () => new Promise((resolve) => answers.push(resolve)),
  });
  const next = { ...rollout, revision: 8 };
  consents.ask(rollout, 'gate', NO_EVIDENCE);
  consents.ask(next, 'gate', NO_EVIDENCE);
  // The newer question is answered first.
  for (const text of ['{"verdict":"go"}', '{"verdict":"veto","reason":"no"}']) {
    const answered = consents.answered.wait(5000, new AbortController().signal);
    answers.pop()?.(text);
    await answered;
  }
  t.strictSame(consents.of(next), { kind: 'go' });
});
