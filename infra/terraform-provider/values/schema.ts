import type { Value } from './dynamic-value.ts';

/** A type in the form in which Terraform reads it, as JSON. */
export type ValueType =
  | 'string'
  | 'number'
  | 'bool'
  | readonly ['list' | 'set' | 'map', ValueType]
  | readonly ['object', { readonly [name: string]: ValueType }];

interface Described {
  readonly description: string;
  /**
   * `required`: the configuration has it. `optional`: it may. `computed`: only the provider sets it. An optional
   * attribute with a `default` has that value when the configuration leaves it out.
   */
  readonly presence: 'required' | 'optional' | 'computed';
  readonly default?: Value;
  readonly isSensitive?: boolean;
  /** A change needs another resource in the place of this one. */
  readonly forcesReplacement?: boolean;
  /** The value is known only after any change of the resource, and not only after its creation. */
  readonly changesWithOthers?: boolean;
}

export type Attribute = Described & ({ readonly type: ValueType } | { readonly attributes: Attributes });

export interface Attributes {
  readonly [name: string]: Attribute;
}

/** The attributes in the form of the protocol's `Schema` message. */
export function schemaMessage(attributes: Attributes, description = '') {
  return { version: 0, block: { version: 0, attributes: attributeMessages(attributes), description } };
}

function attributeMessages(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([name, attribute]) => ({
    name,
    description: attribute.description,
    required: attribute.presence === 'required',
    optional: attribute.presence === 'optional',
    // Terraform lets a provider choose a value only for an attribute that may be computed.
    computed: attribute.presence === 'computed' || attribute.default !== undefined,
    sensitive: attribute.isSensitive === true,
    ...('type' in attribute
      ? { type: Buffer.from(JSON.stringify(attribute.type)) }
      : { nested_type: { attributes: attributeMessages(attribute.attributes), nesting: 'SINGLE' } }),
  }));
}
