import type { IncomingMessage } from 'node:http';

/** The form in which browsers upload files. */
export const FORM = 'multipart/form-data';

/** Lets a route take forms alone, which are authenticated by their fields and may be as large as an object. */
export const formConstraint = {
  name: 'form',
  storage() {
    const routes = new Map<string, unknown>();
    return {
      get: (form: string) => (routes.get(form) ?? null) as never,
      set: (form: string, route: unknown) => void routes.set(form, route),
    };
  },
  deriveConstraint({ headers }: IncomingMessage): string | undefined {
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    return type === FORM ? FORM : undefined;
  },
};
