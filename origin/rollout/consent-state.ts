import { type Static, Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { schema } from '../../shared/json/schema.ts';

/** What a webhook answers to the question whether a rollout may go on. An empty answer is `go`. */
const answerSchema = Type.Object({
  verdict: Type.Union([Type.Literal('go'), Type.Literal('wait'), Type.Literal('veto')]),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
});
const answer = schema(answerSchema);

/** What is known of the webhook's answer about the next step. */
export type Consent =
  | { readonly kind: Exclude<Static<typeof answerSchema>['verdict'], 'veto'> }
  | { readonly kind: 'veto'; readonly why: string }
  /** It did not answer, several times in a row. */
  | { readonly kind: 'none'; readonly why: string }
  /** There is no such webhook. Nobody chose that, so somebody has to look. */
  | { readonly kind: 'absent'; readonly why: string };

/** Throws `bad-request` for any other text. */
export function consentIn(text: string): Consent {
  if (text.trim() === '') return { kind: 'go' };
  const { verdict, reason = 'it gives no reason' } = answer.parseText(text, 'bad-request');
  return verdict === 'veto' ? { kind: 'veto', why: reason } : { kind: verdict };
}

/** What an error says about the answer. Undefined for one that may pass. */
export function absence(error: unknown): Consent | undefined {
  const isAbsent = error instanceof SkerryError && error.code === 'no-such-webhook';
  return isAbsent ? { kind: 'absent', why: error.message } : undefined;
}
