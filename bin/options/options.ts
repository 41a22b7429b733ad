import { InvalidArgumentError, Option } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { type Cidr, parseCidr } from '../../shared/http/ip-address.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';

/** An option that the variable `SKERRY_<NAME>` can also set. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  const name = made.long?.replace(/^--/, '').replaceAll('-', '_').toUpperCase();
  return made.env(`SKERRY_${name}`);
}

export function modeOption(): Option {
  return option(
    '--mode <mode>',
    'when edges switch to the revision (default: the setting of the site)',
  ).choices(['async', 'sync', 'batch']);
}

export function waitTimeoutOption(): Option {
  return option('--wait-timeout <time>', 'how long --wait waits without progress on any edge')
    .argParser(duration)
    .default(60, '60s');
}

export function allowShrinkOption(): Option {
  return option('--allow-shrink', 'publish even if this removes most files of the site');
}

export function includeOption(): Option {
  return option(
    '--include <glob>',
    'also publish files that are left out by default, such as .env or node_modules; may be repeated',
  ).argParser((text: string, before: readonly string[] = []) => [...before, text]);
}

export function trustedProxyOption(): Option {
  return option(
    '--trusted-proxy <cidr>',
    'an address or network of proxies, whose Forwarded and X-Forwarded-For fields name the client; may be repeated',
  )
    .argParser((text: string, before: readonly Cidr[]) => [...before, ...list(text).map(network)])
    .default([]);
}

function network(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined)
    throw new InvalidArgumentError('Give an address or a network, such as 10.0.0.0/8 or 2001:db8::7.');
  if (parsed.prefix === 0)
    throw new InvalidArgumentError('This network holds every address, so any client could name another.');
  return parsed;
}

export function port(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value > 65_535) throw new InvalidArgumentError('A port is 0 to 65535.');
  return value;
}

export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };
}

export const count = whole(1, 256);

export function revision(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return Number(text);
}

/** Parses `SITE` or `SITE@REV`. */
export function siteMaybeRevision(text: string): { site: string; revision?: number } {
  return text.includes('@') ? siteRevision(text) : { site: siteName(text) };
}

/** Parses `SITE@REV`. */
export function siteRevision(text: string): { site: string; revision: number } {
  const at = text.lastIndexOf('@');
  if (at < 0) throw new InvalidArgumentError('Give SITE@REV, such as docs@12.');
  return { site: siteName(text.slice(0, at)), revision: revision(text.slice(at + 1)) };
}

export function degrees(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(Math.abs(value) <= most)) {
      throw new InvalidArgumentError(`Give degrees from -${most} to ${most}.`);
    }
    return value;
  };
}

/** Parses values separated by commas. A repeated flag adds to them. */
export function list(text: string, before: readonly string[] = []): string[] {
  const values = text.split(',').filter((value) => value !== '');
  if (values.length === 0) throw new InvalidArgumentError('Give at least one value.');
  return [...before, ...values];
}

export function siteList(text: string, before: readonly string[] = []): string[] {
  return list(text, before).map(siteName);
}

export function bytes(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < 1024)
    throw new InvalidArgumentError('Give a whole number of bytes, 1024 or more.');
  return value;
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number of seconds.');
  return value;
}

export function minutes(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < 1 || value > 1440)
    throw new InvalidArgumentError('Give 1 to 1440 minutes.');
  return value;
}

const name = new RegExp(NAME_PATTERN);

export function siteName(text: string): string {
  if (!name.test(text)) {
    throw new SkerryError('bad-name', `${JSON.stringify(text)} cannot be the name of a site`);
  }
  return text;
}

export function webhookName(text: string): string {
  if (!name.test(text)) {
    throw new SkerryError('bad-name', `${JSON.stringify(text)} cannot be the name of a webhook`);
  }
  return text;
}

export function edgeName(text: string): string {
  if (!name.test(text)) {
    throw new SkerryError('bad-name', `${JSON.stringify(text)} cannot be the name of an edge`);
  }
  return text;
}

export function label(text: string): string {
  if (!name.test(text)) throw new SkerryError('bad-name', `${JSON.stringify(text)} cannot be a label`);
  return text;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses `90s`, `15m`, `12h` or `30d` into seconds. */
export function duration(text: string): number {
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNITS[unit] ?? 0);
  if (seconds === 0) throw new InvalidArgumentError('Give a time such as 90s, 15m, 12h or 30d.');
  return seconds;
}

/** Checks an option that commander cannot require, because the configuration file may set it. */
export function required<T>(value: T | undefined, flag: string): T {
  if (value === undefined) throw new SkerryError('bad-config', `${flag} is needed`);
  return value;
}
