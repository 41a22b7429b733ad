import type { Clock } from '../../shared/clock.ts';
import { type ErrorCode, SkerryError } from '../../shared/errors.ts';
import type { Fault } from '../../shared/wire/protocol.ts';

const MOST = 20;

/** Errors that no honest and healthy upstream causes. */
const LIES: readonly ErrorCode[] = [
  'bad-signature',
  'broken-chain',
  'root-mismatch',
  'corrupt-object',
  'upstream-protocol',
  'too-large',
];
const REFUSALS: readonly ErrorCode[] = [
  'unknown-critical-record',
  'parent-loop',
  'beyond-parent',
  'beyond-log',
  'stale-head',
  'silent-feed',
  'not-the-origin',
  'edge-replaced',
  'edge-revoked',
  'untrusted-certificate',
  'other-log',
  'not-a-member',
  'certificate-dates',
  'tls-failed',
  'not-tls',
  'tls-required',
];

export function isLie(error: unknown): boolean {
  return error instanceof SkerryError && LIES.includes(error.code);
}

/** The newest faults that this edge met at its upstreams, for its reports and its status. */
export class Faults {
  readonly #clock: Pick<Clock, 'now'>;
  #newest: Fault[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Notes the error if it is a fault of the upstream. A repeated fault only gets a newer time. */
  note(error: unknown, upstream: string): void {
    if (!(error instanceof SkerryError) || !(isLie(error) || REFUSALS.includes(error.code))) return;
    const fault = {
      time: this.#clock.now(),
      code: error.code,
      message: error.message.slice(0, 500),
      upstream,
    };
    const isSame = (other: Fault) => other.code === fault.code && other.upstream === upstream;
    this.#newest = [...this.#newest.filter((other) => !isSame(other)), fault].slice(-MOST);
  }

  list(): readonly Fault[] {
    return this.#newest;
  }
}
