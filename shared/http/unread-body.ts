import type { Readable } from 'node:stream';

/**
 * Marks a request's body as one that a route may leave unread, because the route responds early. Such a body has no
 * listeners, and an error without a listener would end the process. A route that reads the body still gets the error.
 */
export function mayStayUnread<T extends Readable>(body: T): T {
  return body.on('error', () => {});
}
