import { toSkerryError } from '../../shared/errors.ts';

/** The subjects of the checks, in the order in which they are made. */
export type Subject =
  | 'address'
  | 'name'
  | 'connection'
  | 'answer'
  | 'certificate'
  | 'clock'
  | 'token'
  | 'uploads'
  | 'stream'
  | 'membership';

export interface Finding {
  readonly subject: Subject;
  readonly state: 'ok' | 'fault';
  readonly text: string;
  /** What to do about a fault. */
  readonly hint?: string;
}

export function ok(subject: Subject, text: string): Finding {
  return { subject, state: 'ok', text };
}

export function fault(subject: Subject, text: string, hint: string): Finding {
  return { subject, state: 'fault', text, hint };
}

/** A fault with the message of the error. The error table supplies the hint. */
export function faultBy(subject: Subject, error: unknown): Finding {
  const { message, hint } = toSkerryError(error);
  return fault(subject, message, hint);
}
