import { schema } from '../../shared/json/schema.ts';
import type { Amount } from '../../shared/work/amounts.ts';
import { type WarmResult, warmKind } from '../../shared/work/warm.ts';
import { humanBytes, plural } from '../terminal/output.ts';

const results = schema(warmKind.result);

/** Parses a result. Returns undefined if it has another form, because the edge has another version or is broken. */
export function warmResult(result: unknown): WarmResult | undefined {
  try {
    return results.parse(result);
  } catch {
    return undefined;
  }
}

export function amountText({ objects, bytes }: Amount): string {
  return `${plural(objects, 'object')}, ${humanBytes(bytes)}`;
}
