import { InvalidArgumentError, Option } from 'commander';
import { SkerryError } from '../../shared/errors.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface ArgumentFlags {
  readonly arg?: Arguments;
  readonly args?: Arguments;
}

export function argumentOptions(): [Option, Option] {
  return [
    new Option(
      '--arg <name=value>',
      'an argument of this kind of task; the value is parsed as JSON, or taken as text if that fails; may be repeated',
    ).argParser(oneMore),
    new Option('--args <json>', 'all arguments of the kind, as a JSON object').argParser(object),
  ];
}

/** The arguments that the flags give. Throws `bad-config` if both flags are used. */
export function argumentsOf({ arg, args }: ArgumentFlags): Arguments {
  if (arg !== undefined && args !== undefined)
    throw new SkerryError('bad-config', 'give either --arg or --args');
  return arg ?? args ?? {};
}

function oneMore(text: string, before: Arguments = {}): Arguments {
  const [, name = '', value = ''] = /^([A-Za-z][A-Za-z0-9_-]{0,63})=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('Give NAME=VALUE, such as repair=true.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`The argument ${name} is given twice.`);
  return { ...before, [name]: jsonOrText(value) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function object(text: string): Arguments {
  const value = jsonOrText(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('Give a JSON object, such as \'{"repair":true}\'.');
  return value as Arguments;
}
