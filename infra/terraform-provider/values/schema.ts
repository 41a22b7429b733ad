import type { Value } from './dynamic-value.ts';

/** A type in Terraform's JSON notation. */
export type ValueType =
  | 'string'
  | 'number'
  | 'bool'
  | readonly ['list' | 'set' | 'map', ValueType]
  | readonly ['object', { readonly [name: string]: ValueType }];

interface Described {
  readonly description: string;
  /**
   * `required`: the configuration must set the attribute. `optional`: the configuration may set it. `computed`: only
   * the provider sets it. An optional attribute with a `default` has that value when the configuration leaves it out.
   */
  readonly presence: 'required' | 'optional' | 'computed';
  readonly default?: Value;
  readonly isSensitive?: boolean;
  /** The attribute cannot be changed in place: a new resource must replace this one. */
  readonly forcesReplacement?: boolean;
  /** Any change of the resource may change this value, so the value is unknown until that change is applied. */
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
    // Terraform lets a provider choose a value only for a computed attribute.
    computed: attribute.presence === 'computed' || attribute.default !== undefined,
    sensitive: attribute.isSensitive === true,
    ...('type' in attribute
      ? { type: Buffer.from(JSON.stringify(attribute.type)) }
      : { nested_type: { attributes: attributeMessages(attribute.attributes), nesting: 'SINGLE' } }),
  }));
}
