/** A certificate ends soon this long before its expiry. The origin's own certificates are renewed a day earlier. */
const SOON_MS = 14 * 24 * 3_600_000;

/** Says when a certificate expires, if that is soon or has passed. Times are in milliseconds since 1970. */
export function expiryFault(expires: number, now: number): string | undefined {
  if (now >= expires) return `expired on ${minute(expires)}`;
  return expires - now < SOON_MS ? `expires on ${minute(expires)}` : undefined;
}

/** A time as text, to the minute. */
export function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
