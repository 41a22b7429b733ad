import type { HttpServer } from '../../shared/http/server.ts';

export interface Route {
  readonly method: string;
  readonly url: string;
}

/** The routes of a server, from the tree that Fastify prints. */
export function routesOf(app: HttpServer): Route[] {
  const found: Route[] = [];
  const above: string[] = [];
  for (const line of app.printRoutes().split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (\S*)(?: \((.*)\))?/.exec(line) ?? [];
    above.length = indent.length / 4;
    above.push(part);
    for (const method of methods?.split(', ') ?? []) found.push({ method, url: above.join('') });
  }
  return found;
}
