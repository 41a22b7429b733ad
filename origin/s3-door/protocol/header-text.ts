import { validateHeaderName, validateHeaderValue } from 'node:http';
import { S3Error } from './s3-error.ts';

/** A text that came in a form or an address, as Node reads it in a header: one character for each byte. */
export function asHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Throws `InvalidArgument` for a header that no answer can have. It came in a form or an address. */
export function checkAnswerable(name: string, value: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (cause) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw new S3Error('InvalidArgument', `${shown} cannot be a header, or not with this value.`, { cause });
  }
}
