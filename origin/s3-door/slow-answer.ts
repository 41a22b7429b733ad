import { Readable } from 'node:stream';
import { toSkerryError } from '../../shared/errors.ts';
import { errorDocument } from './error-form.ts';
import type { Answer, Call } from './operation.ts';
import { XML_TYPE } from './protocol/write-xml.ts';

/** After this time without an answer, the client gets spaces, so that neither it nor a proxy gives up. */
const PATIENCE_MS = 5000;

/**
 * The answer of work that may take minutes. As at S3, an answer that has begun with spaces has the status 200, and a
 * failure is a document in its body, which clients look for.
 */
export async function slowly({ context, request }: Call, work: Promise<Answer>): Promise<Answer> {
  const { clock } = context;
  const settled = work.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  const over = new AbortController();
  const patience = async () => {
    await clock.sleep(PATIENCE_MS, over.signal).catch(() => {});
    return undefined;
  };
  const first = await Promise.race([settled, patience()]);
  over.abort();
  if (first !== undefined) {
    if ('error' in first) throw first.error;
    return first.answer;
  }
  const document = (next: { answer: Answer } | { error: unknown }) => {
    const text =
      'answer' in next ? String(next.answer.body) : errorDocument(toSkerryError(next.error), request);
    // A declaration may only stand at the beginning of a document.
    return text.replace(/^<\?xml[^>]*\?>\s*/, '');
  };
  async function* body(): AsyncGenerator<string> {
    yield ' ';
    for (;;) {
      const next = await Promise.race([settled, clock.sleep(PATIENCE_MS).then(() => undefined)]);
      yield next === undefined ? ' ' : document(next);
      if (next !== undefined) return;
    }
  }
  return { headers: { 'content-type': XML_TYPE }, body: Readable.from(body()) };
}
