import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { SkerryError, systemCode } from '../../shared/errors.ts';

export const DEFAULT_FILE = 'skerry.yaml';

type Values = Readonly<Record<string, unknown>>;

/**
 * Reads from `skerry.yaml` the options that neither flags nor the environment set. The keys are the flags without their
 * dashes, at the top level for all commands or in a section named after a command (`origin: URL` is the flag, `origin:`
 * with keys below it is the section). A key that no command knows is refused.
 */
export async function applyConfigFile(
  command: Command,
  root: Command,
  named: string | undefined,
): Promise<void> {
  const file = named ?? DEFAULT_FILE;
  const text = readText(file, named !== undefined);
  if (text === undefined) return;
  const values = await parseValues(file, text);
  const section = sectionOf(values, command.name());
  refuseUnknownKeys(values, root, file);
  for (const option of command.options) {
    if (!isSetting(option)) continue;
    const source = command.getOptionValueSource(option.attributeName());
    if (source !== undefined && source !== 'default') continue;
    const value = section[keyOf(option)] ?? values[keyOf(option)];
    if (value === undefined || isSectionOf(value, keyOf(option), root)) continue;
    command.setOptionValueWithSource(option.attributeName(), parsed(option, value, file), 'config');
  }
}

function readText(file: string, isNamed: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (!isNamed && systemCode(cause) === 'ENOENT') return undefined;
    throw new SkerryError('bad-config', `the configuration file ${file} cannot be read`, { cause });
  }
}

async function parseValues(file: string, text: string): Promise<Values> {
  const { parse } = await import('./yaml.ts');
  try {
    // All values are read as text, so that options parse them like flags: 1.10 must not become the number 1.1.
    const values: unknown = parse(text, { schema: 'failsafe' }) || {};
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) return values as Values;
  } catch (cause) {
    throw new SkerryError('bad-config', `${file} is not valid YAML`, { cause });
  }
  throw new SkerryError('bad-config', `${file} must hold keys and values`);
}

function sectionOf(values: Values, name: string): Values {
  const section = values[name];
  return isSection(section) ? section : {};
}

function isSection(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSectionOf(value: unknown, key: string, root: Command): boolean {
  return isSection(value) && root.commands.some((command) => command.name() === key);
}

function refuseUnknownKeys(values: Values, root: Command, file: string): void {
  const everyKey = new Set(root.commands.flatMap(keysOf));
  for (const [key, value] of Object.entries(values)) {
    const command = root.commands.find((candidate) => candidate.name() === key);
    if (!isSection(value) || command === undefined) {
      const isEmptySection = command !== undefined && value === '';
      if (!everyKey.has(key) && !isEmptySection)
        throw new SkerryError('bad-config', `${file} has the unknown key ${key}`);
      continue;
    }
    const own = new Set(keysOf(command));
    for (const inner of Object.keys(value)) {
      if (!own.has(inner)) throw new SkerryError('bad-config', `${file} has the unknown key ${key}.${inner}`);
    }
  }
}

function parsed(option: Option, value: unknown, file: string): unknown {
  if (typeof value !== 'string' || value === '')
    throw new SkerryError('bad-config', `${file}: ${keyOf(option)} must be one value`);
  if (option.isBoolean()) {
    if (value !== 'true' && value !== 'false')
      throw new SkerryError('bad-config', `${file}: ${keyOf(option)} must be true or false`);
    return value === 'true';
  }
  try {
    return option.parseArg ? option.parseArg(value, undefined) : value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SkerryError('bad-config', `${file}: ${keyOf(option)}: ${reason}`, { cause });
  }
}

/**
 * Whether a configuration file may set the option. An option without an environment variable is meant for one call. A
 * key with its name in a file is meant for another command.
 */
function isSetting(option: Option): boolean {
  return option.envVar !== undefined;
}

function keysOf({ options }: Command): string[] {
  return options.filter(isSetting).map(keyOf);
}

function keyOf(option: Option): string {
  return option.long?.replace(/^--/, '') ?? option.attributeName();
}
