import { isDeepStrictEqual } from 'node:util';
import { isObject, type ObjectValue, type Value } from './dynamic-value.ts';
import type { Attribute, Attributes } from './schema.ts';
import { UNKNOWN } from './unknown.ts';

export interface PlannedChange {
  readonly planned: ObjectValue;
  /** The changed attributes that cannot be changed in place, so that a new resource must replace this one. */
  readonly replaces: readonly string[];
}

/**
 * Derives the state that a resource will have from its configuration and its present state. `prior` is null for a
 * resource that does not exist yet. A value that is known only after the apply is unknown.
 */
export function planChange(
  attributes: Attributes,
  prior: ObjectValue | null,
  config: ObjectValue,
): PlannedChange {
  const planned = plannedObject(attributes, prior, config);
  if (prior === null) return { planned, replaces: [] };
  const changed = Object.keys(attributes).filter((name) => !isDeepStrictEqual(planned[name], prior[name]));
  if (changed.length === 0) return { planned, replaces: [] };
  return {
    planned: withOthersUnknown(attributes, planned),
    replaces: changed.filter((name) => attributes[name]?.forcesReplacement === true),
  };
}

function plannedObject(attributes: Attributes, prior: ObjectValue | null, config: ObjectValue): ObjectValue {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      plannedValue(attribute, prior?.[name], config[name] ?? null),
    ]),
  );
}

/** `prior` is undefined for a part of a resource that does not exist yet. */
function plannedValue(attribute: Attribute, prior: Value | undefined, config: Value): Value {
  if (isObject(config) && 'attributes' in attribute)
    return plannedObject(attribute.attributes, isObject(prior) ? prior : null, config);
  if (config !== null) return config;
  if (attribute.default !== undefined) return attribute.default;
  return attribute.presence === 'computed' ? (prior ?? UNKNOWN) : null;
}

/** Makes the attributes unknown that any change of the resource sets anew. */
function withOthersUnknown(attributes: Attributes, planned: ObjectValue): ObjectValue {
  return Object.fromEntries(
    Object.entries(planned).map(([name, value]) => [
      name,
      attributes[name]?.changesWithOthers === true ? UNKNOWN : value,
    ]),
  );
}
