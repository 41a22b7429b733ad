import { CommanderError } from 'commander';
import { hasCode, toSkerryError } from '../../shared/errors.ts';

const USAGE_ERROR = 2;
/** The exit code if the publish is live, or the task has ended, but some of the awaited edges have not answered. */
const UNCONFIRMED = 3;
/** The exit code of an edge that the origin has revoked. The systemd unit does not start it again. */
const REVOKED = 4;
const INTERRUPTED = 130;

/** Thrown when the user interrupted a command, so there is nothing to explain. */
export class Interrupted extends Error {}

/** Thrown if another part of the program, such as a child process, has already explained the error. */
export class AlreadyExplained extends Error {}

/** Explains an error and what to do about it in one line. Undefined when there is nothing to say. */
export function explain(error: unknown): string | undefined {
  if (error instanceof Interrupted || error instanceof AlreadyExplained) return undefined;
  if (error instanceof CommanderError) {
    // The user asked for help, or commander printed it because a command was missing.
    if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return `skerry: ${sentence(message)} See \`skerry help\`.`;
  }
  const { message, hint } = toSkerryError(error);
  return `skerry: ${sentence(message.replaceAll('\n', ' '))} ${hint}`;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return INTERRUPTED;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  if (hasCode(error, 'edge-revoked')) return REVOKED;
  return hasCode(error, 'unconfirmed') || hasCode(error, 'task-expired') ? UNCONFIRMED : 1;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
