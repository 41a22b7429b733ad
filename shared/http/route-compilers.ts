import AjvCompiler from '@fastify/ajv-compiler';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import type { HttpServer } from './server.ts';

/** A text stays a text, and what is not known is refused or left. */
const AJV = { customOptions: { coerceTypes: false, removeAdditional: false } } as const;

/**
 * Has the schemas of a route compiled when it is first asked: those of all routes at the start would take a third of
 * it, and most processes are never asked most of theirs.
 */
export function compileWhenAsked(app: HttpServer): void {
  const ajv = once(() => AjvCompiler()({}, AJV));
  const stringify = once(() => SerializerSelector()({}));
  app.setValidatorCompiler(({ schema }) => {
    const validate = once(() => ajv()({ schema }));
    return (data) => validate()(data) === true || { error: validate().errors ?? [] };
  });
  app.setSerializerCompiler((route) => {
    const serialize = once(() => stringify()({ ...route, httpStatus: route.httpStatus ?? '' }));
    return (data) => serialize()(data);
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}
