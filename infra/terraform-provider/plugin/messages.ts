import { fromJSON, type PackageDefinition } from '@grpc/proto-loader';

/**
 * The messages of Terraform's plugin protocol 6 that this provider sends and reads, with the names and numbers of their
 * fields (developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol). Fields that the provider never uses are
 * left out, because Protocol Buffers skip unknown fields.
 */

type Field = readonly [number: number, type: string, rule?: 'repeated' | { readonly key: string }];
type Fields = Readonly<Record<string, Field>>;

type Nested = NonNullable<Parameters<typeof fromJSON>[0]['nested']>;

function message(fields: Fields, nested: Nested = {}) {
  const described = Object.entries(fields).map(([name, [id, type, rule]]) => {
    if (typeof rule === 'object') return [name, { id, type, keyType: rule.key }];
    return [name, { id, type, ...(rule !== undefined && { rule }) }];
  });
  return { fields: Object.fromEntries(described), nested };
}

const byName = { key: 'string' } as const;

/** The request and the response of a call. */
const call = (request: Fields, response: Fields) => ({
  nested: { Request: message(request), Response: message(response) },
});

const diagnostics = (id: number): Fields => ({ diagnostics: [id, 'Diagnostic', 'repeated'] });

const calls = {
  GetProviderSchema: call(
    {},
    {
      provider: [1, 'Schema'],
      resource_schemas: [2, 'Schema', byName],
      data_source_schemas: [3, 'Schema', byName],
      ...diagnostics(4),
      server_capabilities: [6, 'ServerCapabilities'],
      ephemeral_resource_schemas: [8, 'Schema', byName],
    },
  ),
  ValidateProviderConfig: call({ config: [1, 'DynamicValue'] }, diagnostics(2)),
  ValidateResourceConfig: call({ type_name: [1, 'string'], config: [2, 'DynamicValue'] }, diagnostics(1)),
  ValidateDataResourceConfig: call({ type_name: [1, 'string'], config: [2, 'DynamicValue'] }, diagnostics(1)),
  ValidateEphemeralResourceConfig: call(
    { type_name: [1, 'string'], config: [2, 'DynamicValue'] },
    diagnostics(1),
  ),
  UpgradeResourceState: call(
    { type_name: [1, 'string'], version: [2, 'int64'], raw_state: [3, 'RawState'] },
    { upgraded_state: [1, 'DynamicValue'], ...diagnostics(2) },
  ),
  ConfigureProvider: call({ terraform_version: [1, 'string'], config: [2, 'DynamicValue'] }, diagnostics(1)),
  ReadResource: call(
    { type_name: [1, 'string'], current_state: [2, 'DynamicValue'] },
    { new_state: [1, 'DynamicValue'], ...diagnostics(2) },
  ),
  PlanResourceChange: call(
    {
      type_name: [1, 'string'],
      prior_state: [2, 'DynamicValue'],
      proposed_new_state: [3, 'DynamicValue'],
      config: [4, 'DynamicValue'],
    },
    {
      planned_state: [1, 'DynamicValue'],
      requires_replace: [2, 'AttributePath', 'repeated'],
      ...diagnostics(4),
    },
  ),
  ApplyResourceChange: call(
    {
      type_name: [1, 'string'],
      prior_state: [2, 'DynamicValue'],
      planned_state: [3, 'DynamicValue'],
      config: [4, 'DynamicValue'],
    },
    { new_state: [1, 'DynamicValue'], ...diagnostics(3) },
  ),
  ImportResourceState: {
    nested: {
      Request: message({ type_name: [1, 'string'], id: [2, 'string'] }),
      ImportedResource: message({ type_name: [1, 'string'], state: [2, 'DynamicValue'] }),
      Response: message({ imported_resources: [1, 'ImportedResource', 'repeated'], ...diagnostics(2) }),
    },
  },
  ReadDataSource: call(
    { type_name: [1, 'string'], config: [2, 'DynamicValue'] },
    { state: [1, 'DynamicValue'], ...diagnostics(2) },
  ),
  OpenEphemeralResource: call(
    { type_name: [1, 'string'], config: [2, 'DynamicValue'] },
    { ...diagnostics(1), result: [3, 'DynamicValue'], private: [4, 'bytes'] },
  ),
  CloseEphemeralResource: call({ type_name: [1, 'string'], private: [2, 'bytes'] }, diagnostics(1)),
  StopProvider: call({}, { Error: [1, 'string'] }),
};

export type ProviderCall = keyof typeof calls;

const method = (name: string) => [
  name,
  { requestType: `${name}.Request`, responseType: `${name}.Response`, comment: '' },
];

const tfplugin6 = {
  ...calls,
  DynamicValue: message({ msgpack: [1, 'bytes'], json: [2, 'bytes'] }),
  RawState: message({ json: [1, 'bytes'] }),
  ServerCapabilities: message({ plan_destroy: [1, 'bool'], get_provider_schema_optional: [2, 'bool'] }),
  Diagnostic: message(
    {
      severity: [1, 'Severity'],
      summary: [2, 'string'],
      detail: [3, 'string'],
      attribute: [4, 'AttributePath'],
    },
    { Severity: { values: { INVALID: 0, ERROR: 1, WARNING: 2 } } },
  ),
  AttributePath: message(
    { steps: [1, 'Step', 'repeated'] },
    {
      Step: {
        ...message({
          attribute_name: [1, 'string'],
          element_key_string: [2, 'string'],
          element_key_int: [3, 'int64'],
        }),
        oneofs: { selector: { oneof: ['attribute_name', 'element_key_string', 'element_key_int'] } },
      },
    },
  ),
  StringKind: { values: { PLAIN: 0, MARKDOWN: 1 } },
  Schema: message(
    { version: [1, 'int64'], block: [2, 'Block'] },
    {
      Block: message({
        version: [1, 'int64'],
        attributes: [2, 'Attribute', 'repeated'],
        description: [4, 'string'],
      }),
      Attribute: message({
        name: [1, 'string'],
        type: [2, 'bytes'],
        description: [3, 'string'],
        required: [4, 'bool'],
        optional: [5, 'bool'],
        computed: [6, 'bool'],
        sensitive: [7, 'bool'],
        nested_type: [10, 'Object'],
      }),
      Object: message(
        { attributes: [1, 'Attribute', 'repeated'], nesting: [3, 'NestingMode'] },
        { NestingMode: { values: { INVALID: 0, SINGLE: 1, LIST: 2, SET: 3, MAP: 4 } } },
      ),
    },
  ),
  Provider: { methods: Object.fromEntries(Object.keys(calls).map(method)) },
};

/** The service with which go-plugin, the library that starts providers, asks a provider to exit. */
const plugin = {
  Empty: message({}),
  GRPCController: { methods: { Shutdown: { requestType: 'Empty', responseType: 'Empty', comment: '' } } },
};

/** The services `tfplugin6.Provider` and `plugin.GRPCController`. Their fields have the names above. */
export function packageDefinition(): PackageDefinition {
  return fromJSON(
    { nested: { tfplugin6: { nested: tfplugin6 }, plugin: { nested: plugin } } },
    { keepCase: true, longs: Number, enums: String, oneofs: false },
  );
}
