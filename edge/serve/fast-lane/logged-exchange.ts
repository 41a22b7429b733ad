import type { Exchange } from '../metering/access-log.ts';
import type { HotAnswer } from './hot-answer.ts';
import type { PlainGet } from './recognise.ts';

/** Describes a response of the fast lane for the access log. Such a response takes no measurable time. */
export function exchangeOf(
  { target, fields }: Pick<PlainGet, 'target' | 'fields'>,
  { site, prepared }: HotAnswer<unknown>,
  scheme: Exchange['scheme'],
  version: string,
  client: string,
): Exchange {
  return {
    time: Date.now(),
    site,
    client: client || '-',
    scheme,
    version,
    method: 'GET',
    host: fields.host,
    target,
    status: prepared.status,
    bytes: prepared.body.length,
    seconds: 0,
    referer: fields.referer,
    agent: fields.agent,
    cache: prepared.headers['cache-status'],
  };
}
