import { parseDictionary } from 'structured-headers';

/** How urgent the response of a stream is, and whether its beginning is already of use (RFC 9218, 4). */
export interface Priority {
  /** From 0, the most urgent, to 7. */
  readonly urgency: number;
  /** Whether the stream takes turns with others. Otherwise it is sent whole, one stream after another. */
  readonly isIncremental: boolean;
}

const DEFAULT_URGENCY = 3;
const LEAST_URGENT = 7;
/** A longer text is no priority. It is not parsed, because a client could send it with each request. */
const MOST_CHARACTERS = 128;

/**
 * The priority of a client that names none. RFC 9218 would send its streams one after another. In turns, a small file
 * does not wait for the large ones before it.
 */
export const UNNAMED: Priority = { urgency: DEFAULT_URGENCY, isIncremental: true };

/** Reads a priority field. What is malformed or out of range counts as absent (RFC 9218, 4). */
export function priorityOf(text: string | undefined): Priority {
  if (text === undefined || text.length > MOST_CHARACTERS) return UNNAMED;
  try {
    const parameters = parseDictionary(text);
    const [urgency] = parameters.get('u') ?? [];
    const [isIncremental] = parameters.get('i') ?? [];
    return {
      urgency: isUrgency(urgency) ? urgency : DEFAULT_URGENCY,
      isIncremental: isIncremental === true,
    };
  } catch {
    return UNNAMED;
  }
}

/** Whether a stream comes into turn before another that waits already. */
export function isBefore(one: Prioritised, other: Prioritised): boolean {
  const { urgency, isIncremental } = one.priority;
  if (urgency !== other.priority.urgency) return urgency < other.priority.urgency;
  return !isIncremental && (other.priority.isIncremental || one.id < other.id);
}

export interface Prioritised {
  readonly id: number;
  readonly priority: Priority;
}

function isUrgency(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LEAST_URGENT;
}
