import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';
import { UNKNOWN, Unknown } from './unknown.ts';

/** A value of Terraform's type system. Lists and sets are arrays. Maps and objects are objects. */
export type Value =
  | null
  | string
  | number
  | boolean
  | Unknown
  | readonly Value[]
  | { readonly [key: string]: Value };
/** The value of a resource or of a configuration. */
export type ObjectValue = { readonly [key: string]: Value };

/** An encoded value: MessagePack, or JSON from some callers. */
export interface DynamicValue {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

/** Extension types of MessagePack: an unknown value, and an unknown value about which something is known. */
const EXTENSION = { unknown: 0, refined: 12 };

const codec = new ExtensionCodec();
codec.register({
  type: EXTENSION.unknown,
  encode: (value) => (Unknown.is(value) ? Uint8Array.of(0) : null),
  decode: () => UNKNOWN,
});
codec.register({ type: EXTENSION.refined, encode: () => null, decode: () => UNKNOWN });

export function decodeValue({ msgpack, json }: DynamicValue = {}): Value {
  if (msgpack !== undefined && msgpack.length > 0) return decode(msgpack, { extensionCodec: codec }) as Value;
  if (json !== undefined && json.length > 0) return JSON.parse(Buffer.from(json).toString()) as Value;
  return null;
}

export function encodeValue(value: Value): DynamicValue {
  return { msgpack: encode(value, { extensionCodec: codec }) };
}

/** The value of a resource, or null when the resource does not exist. */
export function decodeObject(value: DynamicValue | undefined): ObjectValue | null {
  const decoded = decodeValue(value);
  return isObject(decoded) ? decoded : null;
}

export function isObject(value: Value | undefined): value is ObjectValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Unknown.is(value);
}

/** Whether the value and all of its parts are known. */
export function isWhollyKnown(value: Value): boolean {
  if (Unknown.is(value)) return false;
  if (Array.isArray(value)) return value.every(isWhollyKnown);
  return isObject(value) ? Object.values(value).every(isWhollyKnown) : true;
}
