import { schema } from '../../shared/json/schema.ts';
import { type WarmResult, warmKind } from '../../shared/work/warm.ts';
import { humanBytes, plural } from '../terminal/output.ts';

const results = schema(warmKind.result);

/** Undefined for a result of another form, which an edge of another version or a broken one may send. */
export function warmResult(result: unknown): WarmResult | undefined {
  try {
    return results.parse(result);
  } catch {
    return undefined;
  }
}

export type Amount = WarmResult['held'];

export function amountText({ objects, bytes }: Amount): string {
  return `${plural(objects, 'object')}, ${humanBytes(bytes)}`;
}

export function addUp(amounts: readonly Amount[]): Amount {
  return {
    objects: amounts.reduce((sum, { objects }) => sum + objects, 0),
    bytes: amounts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
