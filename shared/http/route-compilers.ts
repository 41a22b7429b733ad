import AjvCompiler from '@fastify/ajv-compiler';
import type { HttpServer } from './server.ts';

/**
 * With these options, Ajv converts no values and removes no unknown properties. It does not check the schemas
 * themselves, which are constants with types: it would first have to compile the schema of schemas.
 */
const AJV = {
  customOptions: { coerceTypes: false, removeAdditional: false, validateSchema: false },
} as const;

/** The servers of a process share it. */
const ajv = once(() => AjvCompiler()({}, AJV));

/**
 * Compiles the schemas of a route at its first request. To compile all of them would take a third of the start-up time,
 * and most processes never get requests for most routes. Answers are written without their schemas: Ajv would compile
 * the unions in them, which takes up to a tenth of a second for each route, and JSON.stringify is faster from then on.
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
