import type { ShareStatus } from '../../shared/wire/task-api.ts';
import { humanBytes, jsonLine, plural } from '../terminal/output.ts';
import { foundIn, soundness, verifyResult } from './verify-result.ts';
import { amountText, warmResult } from './warm-result.ts';

/** A longer result is shown only with `--json`. */
const MOST_RESULT = 120;

/** Describes in a few words what an edge is doing for a task, or the result. */
export function shareText(kind: string, share: ShareStatus): string {
  const { state, edge, attempts, progress, result } = share;
  switch (state) {
    case 'queued':
      if (attempts > 0) return 'waits for its next attempt';
      return edge === null ? 'waits for an edge that can do it' : 'waits for the edge';
    case 'assigned':
      return 'has not begun yet';
    case 'running':
      return progress === null ? '' : `${plural(progress.objects, 'object')}, ${humanBytes(progress.bytes)}`;
    case 'done':
      return resultText(kind, result);
    case 'failed':
      return [errorPart(result, 'code'), errorPart(result, 'message')].filter(Boolean).join(': ');
    case 'expired':
    case 'cancelled':
      return errorPart(result, 'message');
  }
}

function resultText(kind: string, result: unknown): string {
  const verified = kind === 'verify' || kind === 'repair' ? verifyResult(result) : undefined;
  if (verified !== undefined) {
    const { objects, damaged } = foundIn(verified);
    return `${soundness(verified)}: ${plural(objects, 'object')}, ${damaged} damaged`;
  }
  const warmed = kind === 'warm' ? warmResult(result) : undefined;
  if (warmed !== undefined) return `fetched ${amountText(warmed.fetched)}`;
  const text = jsonLine(result);
  return text.length <= MOST_RESULT ? text : `${text.slice(0, MOST_RESULT)}…`;
}

function errorPart(result: unknown, name: 'code' | 'message'): string {
  const part = typeof result === 'object' && result !== null ? Reflect.get(result, name) : undefined;
  return typeof part === 'string' ? part : '';
}
