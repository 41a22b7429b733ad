import type { Logger } from 'pino';
import { withoutTokens } from '../../../shared/site/signed-url.ts';
import { type TextAnswer, textAnswer } from '../site/answer.ts';

/** Logs why a request failed, and returns the response to it, which tells the reader nothing about the reason. */
export function internalError(error: unknown, target: string, log: Logger): TextAnswer {
  log.error({ err: error, url: withoutTokens(target) }, 'a request failed');
  return textAnswer(500, 'Internal error\n');
}
