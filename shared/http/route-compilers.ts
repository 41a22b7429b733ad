import AjvCompiler from '@fastify/ajv-compiler';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import type { HttpServer } from './server.ts';

/** With these options, Ajv converts no values and removes no unknown properties. */
const AJV = { customOptions: { coerceTypes: false, removeAdditional: false } } as const;

/**
 * Compiles the schemas of a route at its first request. To compile all of them would take a third of the start-up time,
 * and most processes never get requests for most routes.
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
