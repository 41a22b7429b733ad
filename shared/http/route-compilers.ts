import AjvCompiler from '@fastify/ajv-compiler';
import type { HttpServer } from './server.ts';

/**
 * With these options, Ajv converts no values and removes no unknown properties. It does not check the schemas
 * themselves, because they are typed constants, and it would first have to compile the schema of schemas.
 */
const AJV = {
  customOptions: { coerceTypes: false, removeAdditional: false, validateSchema: false },
} as const;

/** All servers of a process share this compiler. */
const ajv = once(() => AjvCompiler()({}, AJV));

/**
 * Compiles the schemas of a route at its first request. Compiling all of them would take a third of the start-up time,
 * and most processes never get requests for most routes. Responses are written without their schemas, because Ajv would
 * compile the unions in them, which takes up to a tenth of a second for each route. Even after that, JSON.stringify
 * would be faster.
 */
export function compileWhenAsked(app: HttpServer): void {
  app.setValidatorCompiler(({ schema }) => {
    const validate = once(() => ajv()({ schema }));
    return (data) => validate()(data) === true || { error: validate().errors ?? [] };
  });
  app.setSerializerCompiler(() => JSON.stringify);
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}
