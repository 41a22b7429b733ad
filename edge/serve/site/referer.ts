import type { ReaderRequest } from './decide.ts';
import { hostName } from './site-selection.ts';

/** The path of the page that asks for something, if it is a page under the same host. */
export function refererPath({ headers, host }: Pick<ReaderRequest, 'headers' | 'host'>): string | undefined {
  const { referer } = headers;
  if (referer === undefined || host === undefined) return undefined;
  const page = URL.parse(referer);
  return page !== null && hostName(page.host) === hostName(host) ? page.pathname : undefined;
}
