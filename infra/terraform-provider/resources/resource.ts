import type { ApiClient } from '../../../origin/client/api-client.ts';
import type { Fault } from '../plugin/diagnostics.ts';
import type { ObjectValue } from '../values/dynamic-value.ts';
import type { Attributes } from '../values/schema.ts';

/** The context in which resources and data sources work. */
export interface Context {
  /** Rejects when the provider's configuration does not say how to reach the origin. */
  readonly client: () => Promise<ApiClient>;
  /** Aborts when Terraform is interrupted. */
  readonly signal: AbortSignal;
}

/** A kind of object that Terraform manages. After an apply, a state has no unknown values. */
export interface Resource {
  readonly description: string;
  readonly attributes: Attributes;
  /** Returns the faults that can be found without the origin. Some values may not be known yet. */
  readonly validate?: (config: ObjectValue) => Fault[];
  /** Fills in values of the plan that this machine already knows. */
  readonly plan?: (planned: ObjectValue, prior: ObjectValue | null, context: Context) => Promise<ObjectValue>;
  readonly create: (planned: ObjectValue, context: Context) => Promise<ObjectValue>;
  /** Returns the current state of the object. Null when the object is gone. */
  readonly read: (state: ObjectValue, context: Context) => Promise<ObjectValue | null>;
  readonly update: (planned: ObjectValue, prior: ObjectValue, context: Context) => Promise<ObjectValue>;
  /** Deletes the object. Does nothing when the object is already gone. */
  readonly delete: (state: ObjectValue, context: Context) => Promise<void>;
  /**
   * Returns the state of the object with this id, or null when there is none. Absent if the kind cannot be imported.
   */
  readonly import?: (id: string, context: Context) => Promise<ObjectValue | null>;
}

export interface DataSource {
  readonly description: string;
  readonly attributes: Attributes;
  readonly read: (config: ObjectValue, context: Context) => Promise<ObjectValue>;
}

/** An object that exists only during one run of Terraform and is never stored in a state. */
export interface EphemeralResource {
  readonly description: string;
  readonly attributes: Attributes;
  /** Creates the object. `close` gets the `id`. */
  readonly open: (config: ObjectValue, context: Context) => Promise<{ result: ObjectValue; id: string }>;
  readonly close: (id: string, context: Context) => Promise<void>;
}
