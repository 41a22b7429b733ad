import { SkerryError } from '../../../shared/errors.ts';
import { addressOf, privateAddress } from './public-address.ts';

/** The exceptions that an operator allows. Neither is safe if anyone but the operator has an admin token. */
export interface WebhookRules {
  readonly allowHttp: boolean;
  readonly allowPrivate: boolean;
}

/** Checks everything that is known before the name is resolved. Throws `bad-webhook`. */
export function checkedUrl(text: string, { allowHttp, allowPrivate }: WebhookRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAllowed = url?.protocol === 'https:' || (allowHttp && url?.protocol === 'http:');
  if (url === undefined || !isAllowed)
    throw new SkerryError('bad-webhook', 'a webhook needs an https address');
  // A password in the URL would be shown with the URL.
  if (url.username !== '' || url.password !== '')
    throw new SkerryError('bad-webhook', 'the address of a webhook holds no password');
  const address = addressOf(url.hostname);
  const fault = allowPrivate || address === undefined ? undefined : privateAddress(address);
  if (fault !== undefined) throw new SkerryError('bad-webhook', fault);
  return url;
}
