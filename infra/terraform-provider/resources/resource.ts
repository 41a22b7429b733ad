import type { ApiClient } from '../../../origin/client/api-client.ts';
import type { Fault } from '../plugin/diagnostics.ts';
import type { ObjectValue } from '../values/dynamic-value.ts';
import type { Attributes } from '../values/schema.ts';

/** What resources and data sources work with. */
export interface Context {
  /** Rejects when the provider's configuration does not say how to reach the origin. */
  readonly client: () => Promise<ApiClient>;
  /** Aborts when Terraform is interrupted. */
  readonly signal: AbortSignal;
}

/** A kind of thing that Terraform manages. States hold no unknown value after an apply. */
export interface Resource {
  readonly description: string;
  readonly attributes: Attributes;
  /** The faults that can be found without the origin. Values may be unknown yet. */
  readonly validate?: (config: ObjectValue) => Fault[];
  /** Replaces values of the plan by what this machine already knows about them. */
  readonly plan?: (planned: ObjectValue, prior: ObjectValue | null, context: Context) => Promise<ObjectValue>;
  readonly create: (planned: ObjectValue, context: Context) => Promise<ObjectValue>;
  /** The state of the thing as it is now. Null when it is gone. */
  readonly read: (state: ObjectValue, context: Context) => Promise<ObjectValue | null>;
  readonly update: (planned: ObjectValue, prior: ObjectValue, context: Context) => Promise<ObjectValue>;
  /** Deletes the thing. Something that is gone already counts as deleted. */
  readonly delete: (state: ObjectValue, context: Context) => Promise<void>;
  /** The state of the thing with this id. Null when there is none. Undefined when it cannot be imported. */
  readonly import?: (id: string, context: Context) => Promise<ObjectValue | null>;
}

export interface DataSource {
  readonly description: string;
  readonly attributes: Attributes;
  readonly read: (config: ObjectValue, context: Context) => Promise<ObjectValue>;
}

/** Something that exists during one run of Terraform only, and in no state. */
export interface EphemeralResource {
  readonly description: string;
  readonly attributes: Attributes;
  /** Makes it. `id` is what `close` gets. */
  readonly open: (config: ObjectValue, context: Context) => Promise<{ result: ObjectValue; id: string }>;
  readonly close: (id: string, context: Context) => Promise<void>;
}
