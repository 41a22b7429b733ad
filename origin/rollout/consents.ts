import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { toSkerryError } from '../../shared/errors.ts';
import type { RolloutEvidence } from '../../shared/wire/rollout-api.ts';
import type { RolloutRow } from '../catalog/rollout-calls.ts';
import { absence, type Consent, consentIn } from './consent-state.ts';

/** A webhook that wants to wait, or has not answered, is asked again after this time. */
const AGAIN_MS = 10_000;
/** So many failures in a row count as no answer. */
const FAILURES = 3;
/** A question names at most this many edges. */
const MOST_EDGES = 100;

export interface ConsentsParts {
  /** Asks a webhook by its name, and returns the text of its answer. Throws `no-such-webhook`, and when it fails. */
  readonly ask: (webhook: string, question: object, signal: AbortSignal) => Promise<string>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly stopping: AbortSignal;
}

interface Asked {
  /** The step about which it was asked. An answer counts for that one. */
  readonly key: string;
  /** Undefined while it is being asked. */
  readonly consent: Consent | undefined;
  readonly at: number;
  readonly failures: number;
}

/** Asks webhooks whether rollouts may go on. One question of a site is under way at a time. */
export class Consents {
  /** Wakes when a webhook has answered. */
  readonly answered = new Wakeup();
  readonly #parts: ConsentsParts;
  readonly #asked = new Map<number, Asked>();

  constructor(parts: ConsentsParts) {
    this.#parts = parts;
  }

  /** Forgets what was asked about rollouts of other sites. */
  keep(sites: ReadonlySet<number>): void {
    for (const site of this.#asked.keys()) if (!sites.has(site)) this.#asked.delete(site);
  }

  /** Undefined when the webhook should be asked. */
  of(rollout: RolloutRow): Consent | undefined {
    const asked = this.#asked.get(rollout.site);
    if (asked === undefined || asked.key !== keyOf(rollout)) return undefined;
    const { consent = WAIT, at } = asked;
    const isOver = consent.kind === 'go' || consent.kind === 'veto';
    const isOld = asked.consent !== undefined && this.#parts.clock.monotonic() - at >= AGAIN_MS;
    return !isOver && isOld ? undefined : consent;
  }

  /** Asks in the background. */
  ask(rollout: RolloutRow, webhook: string, evidence: RolloutEvidence): void {
    const { clock, ask, stopping } = this.#parts;
    const { site, siteName, revision, base, step, message } = rollout;
    const key = keyOf(rollout);
    const before = this.#asked.get(site);
    const failed = before?.key === key ? before.failures : 0;
    const note = (consent: Consent | undefined, failures: number) =>
      this.#asked.set(site, { key, consent, at: clock.monotonic(), failures });
    note(undefined, failed);
    const edges = evidence.edges
      .slice(0, MOST_EDGES)
      .map(({ edge, verdict, why }) => ({ edge, verdict, why }));
    const question = {
      ...{ site: siteName, revision, base, message, step: step + 1 },
      ...{ shownBy: rollout.edges.length, edges, worst: evidence.worst },
    };
    // The rollout may end before the answer comes, and another one begin.
    const answered = (consent: Consent, failures: number) => {
      if (this.#asked.get(site)?.key === key) note(consent, failures);
    };
    ask(webhook, question, stopping)
      .then((text) => answered(consentIn(text), 0))
      .catch((error: unknown) => {
        const why = `the webhook ${webhook} does not answer: ${toSkerryError(error).message}`;
        const consent = failed + 1 < FAILURES ? WAIT : ({ kind: 'none', why } as const);
        answered(absence(error) ?? consent, failed + 1);
      })
      .finally(() => this.answered.wake());
  }
}

const WAIT: Consent = { kind: 'wait' };

/** A rollout that was paused and resumed is asked about again. */
function keyOf({ revision, step, stepped }: RolloutRow): string {
  return `${revision} ${step} ${stepped}`;
}
