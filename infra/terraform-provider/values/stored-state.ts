import { isObject, type ObjectValue, type Value } from './dynamic-value.ts';
import type { Attributes } from './schema.ts';

/**
 * Reads a state from a state file and adapts it to the present schema. Attributes that the schema no longer has are
 * left out, and new ones are null.
 */
export function storedState(attributes: Attributes, text: string): ObjectValue {
  const stored = JSON.parse(text) as Value;
  return withAttributes(attributes, isObject(stored) ? stored : {});
}

function withAttributes(attributes: Attributes, stored: ObjectValue): ObjectValue {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const value = stored[name] ?? null;
      const isNested = 'attributes' in attribute && isObject(value);
      return [name, isNested ? withAttributes(attribute.attributes, value) : value];
    }),
  );
}
