import { parse } from 'yaml';

/** The part of a JSON schema that says which keys there are. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** The keys of a cloud-config that the schema of cloud-init does not have. `cloud-init schema` accepts such keys. */
export function unknownKeys(cloudConfig: string, root: Schema): string[] {
  return unknownBelow(parse(cloudConfig), [root], root, '');
}

function unknownBelow(value: unknown, schemas: readonly Schema[], root: Schema, at: string): string[] {
  const all = schemas.flatMap((schema) => parts(schema, root));
  if (Array.isArray(value)) {
    const items = all.flatMap(({ items }) => items ?? []);
    return value.flatMap((item, index) => unknownBelow(item, items, root, `${at}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = all.flatMap(({ properties }) => properties?.[key] ?? []);
    const path = `${at}.${key}`;
    return known.length === 0 ? [path] : unknownBelow(inner, known, root, path);
  });
}

/** The schema itself and all schemas that it refers to. */
function parts(schema: Schema, root: Schema): Schema[] {
  const { $ref, allOf = [], oneOf = [], anyOf = [] } = schema;
  const named = $ref === undefined ? undefined : root.$defs?.[$ref.replace('#/$defs/', '')];
  const inner = [...(named === undefined ? [] : [named]), ...allOf, ...oneOf, ...anyOf];
  return [schema, ...inner.flatMap((part) => parts(part, root))];
}
