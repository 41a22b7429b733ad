import { SkerryError } from '../../shared/errors.ts';
import { Configuration, configurationAttributes } from './configuration.ts';
import { edges } from './data-sources/edges.ts';
import { revisionData } from './data-sources/revision.ts';
import { siteData } from './data-sources/site.ts';
import { diagnosticMessages, type Fault, faultOf, pathMessage } from './plugin/diagnostics.ts';
import type { Handlers } from './plugin/server.ts';
import { edge } from './resources/edge.ts';
import { publish } from './resources/publish.ts';
import type { DataSource, EphemeralResource, Resource } from './resources/resource.ts';
import { site } from './resources/site.ts';
import { ephemeralToken, token } from './resources/token.ts';
import { decodeObject, encodeValue, isWhollyKnown, type ObjectValue } from './values/dynamic-value.ts';
import { planChange } from './values/plan.ts';
import { type Attributes, schemaMessage } from './values/schema.ts';
import { storedState } from './values/stored-state.ts';
import { Unknown } from './values/unknown.ts';

export const resources: Readonly<Record<string, Resource>> = {
  ...{ skerry_site: site, skerry_edge: edge, skerry_token: token, skerry_publish: publish },
};
export const dataSources: Readonly<Record<string, DataSource>> = {
  ...{ skerry_site: siteData, skerry_edges: edges, skerry_revision: revisionData },
};
export const ephemeralResources: Readonly<Record<string, EphemeralResource>> = {
  skerry_token: ephemeralToken,
};

/** What a provider manages, and how it is configured. */
export interface Kinds {
  readonly configuration: Attributes;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly dataSources: Readonly<Record<string, DataSource>>;
  readonly ephemeralResources: Readonly<Record<string, EphemeralResource>>;
}

export interface Provider {
  readonly handlers: Handlers;
  close(): Promise<void>;
}

/** Creates the provider that answers Terraform's calls. An error in a resource becomes a diagnostic. */
export function provider(
  environment: NodeJS.ProcessEnv,
  kinds: Kinds = { configuration: configurationAttributes, resources, dataSources, ephemeralResources },
): Provider {
  const { resourceOf, sourceOf, ephemeralOf } = lookups(kinds);
  const stopped = new AbortController();
  let context = new Configuration({}, environment, stopped.signal);

  const handlers: Handlers = {
    async GetProviderSchema() {
      return {
        provider: schemaMessage(kinds.configuration),
        resource_schemas: schemasOf(kinds.resources),
        data_source_schemas: schemasOf(kinds.dataSources),
        ephemeral_resource_schemas: schemasOf(kinds.ephemeralResources),
        server_capabilities: { plan_destroy: false, get_provider_schema_optional: true },
      };
    },

    ValidateProviderConfig: async () => ({}),

    async ConfigureProvider({ config }) {
      await context.close();
      context = new Configuration(decodeObject(config) ?? {}, environment, stopped.signal);
      return {};
    },

    async ValidateResourceConfig({ type_name, config }) {
      return judged(async () => {
        const faults = resourceOf(type_name).validate?.(decodeObject(config) ?? {}) ?? [];
        return { diagnostics: diagnosticMessages(faults) };
      });
    },

    ValidateDataResourceConfig: async () => ({}),
    ValidateEphemeralResourceConfig: async () => ({}),

    async UpgradeResourceState({ type_name, raw_state }) {
      return judged(async () => {
        const text = Buffer.from(raw_state?.json ?? []).toString();
        return { upgraded_state: encodeValue(storedState(resourceOf(type_name).attributes, text)) };
      });
    },

    async ReadResource({ type_name, current_state }) {
      return judged(
        async () => {
          const state = decodeObject(current_state);
          const now = state === null ? null : await resourceOf(type_name).read(state, context);
          return { new_state: encodeValue(now) };
        },
        { new_state: current_state },
      );
    },

    async PlanResourceChange({ type_name, prior_state, config }) {
      return judged(async () => {
        const { attributes, plan } = resourceOf(type_name);
        const [prior, wanted] = [decodeObject(prior_state), decodeObject(config)];
        if (wanted === null) return { planned_state: encodeValue(null) };
        const change = planChange(attributes, prior, wanted);
        const planned = (await plan?.(change.planned, prior, context)) ?? change.planned;
        return {
          planned_state: encodeValue(planned),
          requires_replace: change.replaces.map((name) => pathMessage([name])),
        };
      });
    },

    async ApplyResourceChange({ type_name, prior_state, planned_state }) {
      return judged(
        async () => {
          const resource = resourceOf(type_name);
          const [prior, planned] = [decodeObject(prior_state), decodeObject(planned_state)];
          if (planned === null) {
            if (prior !== null) await resource.delete(prior, context);
            return { new_state: encodeValue(null) };
          }
          const state =
            prior === null
              ? await resource.create(planned, context)
              : await resource.update(planned, prior, context);
          return { new_state: encodeValue(wholly(type_name, state)) };
        },
        { new_state: prior_state },
      );
    },

    async ImportResourceState({ type_name, id }) {
      return judged(async () => {
        const resource = resourceOf(type_name);
        if (resource.import === undefined)
          throw new SkerryError('bad-request', `${type_name} cannot be imported`);
        const state = await resource.import(id ?? '', context);
        if (state === null) throw new SkerryError('not-found', `there is no ${type_name} ${id}`);
        return { imported_resources: [{ type_name, state: encodeValue(state) }] };
      });
    },

    async ReadDataSource({ type_name, config }) {
      return judged(async () => {
        return { state: encodeValue(await sourceOf(type_name).read(decodeObject(config) ?? {}, context)) };
      });
    },

    async OpenEphemeralResource({ type_name, config }) {
      return judged(async () => {
        const { result, id } = await ephemeralOf(type_name).open(decodeObject(config) ?? {}, context);
        return { result: encodeValue(result), private: Buffer.from(id) };
      });
    },

    async CloseEphemeralResource({ type_name, private: id }) {
      return judged(async () => {
        await ephemeralOf(type_name).close(Buffer.from(id ?? []).toString(), context);
        return {};
      });
    },

    async StopProvider() {
      stopped.abort();
      return {};
    },
  };
  return { handlers, close: () => context.close() };
}

const schemasOf = (all: Readonly<Record<string, Pick<Resource, 'attributes' | 'description'>>>) =>
  Object.fromEntries(
    Object.entries(all).map(([name, { attributes, description }]) => [
      name,
      schemaMessage(attributes, description),
    ]),
  );

function lookups({ resources, dataSources, ephemeralResources }: Kinds) {
  return {
    resourceOf: (type = '') => found(resources[type], `resource type ${type}`),
    sourceOf: (type = '') => found(dataSources[type], `data source ${type}`),
    ephemeralOf: (type = '') => found(ephemeralResources[type], `ephemeral resource ${type}`),
  };
}

function found<T>(kind: T | undefined, name: string): T {
  if (kind === undefined) throw new SkerryError('not-found', `there is no ${name}`);
  return kind;
}

/** Throws if the state has unknown values. Terraform would refuse such a state too, but without naming the resource. */
function wholly(type = '', state: ObjectValue): ObjectValue {
  const unknown = Object.entries(state).filter(([, value]) => Unknown.is(value) || !isWhollyKnown(value));
  if (unknown.length === 0) return state;
  const names = unknown.map(([name]) => name).join(', ');
  throw new SkerryError('internal', `${type} does not know ${names} after the apply`);
}

/** The result of the work. If the work fails, `otherwise` with a diagnostic. */
async function judged(work: () => Promise<object>, otherwise: object = {}): Promise<object> {
  try {
    return await work();
  } catch (error) {
    const faults: Fault[] = [faultOf(error)];
    return { ...otherwise, diagnostics: diagnosticMessages(faults) };
  }
}
