import { SkerryError } from '../../shared/errors.ts';

/** Throws `bad-config` for anything but the address of a web server. */
export function checkedOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SkerryError('bad-config', `${JSON.stringify(text)} is not the URL of an origin`);
  }
  return url.origin;
}
