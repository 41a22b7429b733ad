import type { TSchema } from 'typebox';

/** The parts of a JSON schema that limit the length of lists. */
interface Shape {
  readonly maxItems?: number;
  readonly items?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly anyOf?: readonly Shape[];
}

/**
 * If the value contains a list that is too long, describes this list. Otherwise returns undefined. Lists within lists
 * are not checked: if the outer list is not too long, the schema bounds their number.
 */
export function overlong(type: TSchema, value: unknown): string | undefined {
  return longIn(type as Shape, value, []);
}

function longIn(shape: Shape, value: unknown, place: readonly string[]): string | undefined {
  if (Array.isArray(value)) {
    const most = mostItems(shape);
    if (value.length <= most) return undefined;
    return [...(place.length > 0 ? [place.join('/')] : []), `must not have more than ${most} items`].join(
      ' ',
    );
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const { properties = {} } of formsOf(shape)) {
    for (const [name, inner] of Object.entries(properties)) {
      const fault = longIn(inner, (value as Record<string, unknown>)[name], [...place, name]);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/**
 * The limit of the longest list that the shape allows. Infinity for a shape that allows no list: the schema itself
 * refuses lists there.
 */
function mostItems(shape: Shape): number {
  const lists = formsOf(shape).filter(({ items }) => items !== undefined);
  return Math.max(
    ...(lists.length === 0 ? [{}] : lists).map(({ maxItems = Number.POSITIVE_INFINITY }: Shape) => maxItems),
  );
}

const formsOf = (shape: Shape): readonly Shape[] => shape.anyOf ?? [shape];
