import { toSkerryError } from '../../../shared/errors.ts';

/** The path to the part of a configuration that has a fault. */
export type AttributePath = readonly string[];

export interface Fault {
  readonly at: AttributePath;
  readonly summary: string;
  readonly detail: string;
}

/** An error that belongs to an attribute of the configuration. */
export class AttributeError extends Error {
  readonly at: AttributePath;
  override readonly cause: unknown;

  constructor(at: AttributePath, cause: unknown) {
    super('an attribute has a fault');
    this.at = at;
    this.cause = cause;
  }
}

/** The fault that describes an error. Errors with a code from Skerry's table also say what to do. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AttributeError) return { ...faultOf(error.cause), at: error.at };
  const { message, hint, code } = toSkerryError(error);
  const summary = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`;
  return { at: [], summary, detail: `${hint} (${code})` };
}

/** The faults in the form of the protocol's `Diagnostic` message. */
export function diagnosticMessages(faults: readonly Fault[]): object[] {
  return faults.map(({ at, summary, detail }) => ({
    severity: 'ERROR',
    summary,
    detail,
    ...(at.length > 0 && { attribute: pathMessage(at) }),
  }));
}

export function pathMessage(path: AttributePath): object {
  return { steps: path.map((name) => ({ attribute_name: name })) };
}
