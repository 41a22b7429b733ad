import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may stand where the cursor is. */
export interface Completions {
  readonly candidates: readonly Candidate[];
  /** Whether the shell offers names of files. */
  readonly files: boolean;
  /** Whether the name of a site may stand there. */
  readonly sites: boolean;
}

const NOTHING: Completions = { candidates: [], files: false, sites: false };
const FILES: Completions = { ...NOTHING, files: true };
const SITES: Completions = { ...NOTHING, sites: true };

/** The words before the cursor, read as commander reads them. */
interface Place {
  readonly command: Command;
  /** The number of arguments that the command has already. */
  readonly given: number;
  /** The flag whose value comes next. */
  readonly flag: Option | undefined;
  /** True after `--`. */
  readonly isPastFlags: boolean;
}

/** Finds what may stand in the last of the words, which may be empty or half typed. The words follow `skerry`. */
export function completionsFor(program: Command, words: readonly string[]): Completions {
  const typed = words.at(-1) ?? '';
  const { command, given, flag, isPastFlags } = placeAfter(program, words.slice(0, -1));
  if (flag !== undefined) return starting(ofFlag(flag), typed);
  if (!isPastFlags && typed.startsWith('-')) {
    const equals = typed.indexOf('=');
    if (equals < 0) return starting({ ...NOTHING, candidates: flagsOf(command) }, typed);
    const named = flagNamed(command, typed.slice(0, equals));
    return named === undefined ? NOTHING : starting(ofFlag(named), typed.slice(equals + 1));
  }
  if (given === 0 && command.commands.length > 0)
    return starting({ ...NOTHING, candidates: commandsOf(command) }, typed);
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[given] ?? (last?.variadic ? last : undefined);
  return argument === undefined ? NOTHING : starting(ofArgument(argument, program), typed);
}

/** The value of a flag among words, such as the origin of which a person has typed the URL. */
export function valueAmong(words: readonly string[], flag: string): string | undefined {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  return word?.includes('=') ? word.slice(flag.length + 1) : words[at + 1 || words.length];
}

function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program;
  let given = 0;
  let flag: Option | undefined;
  let isPastFlags = false;
  for (const word of words) {
    if (flag !== undefined) flag = undefined;
    else if (word === '--' && !isPastFlags) isPastFlags = true;
    else if (word.startsWith('-') && !isPastFlags) flag = needingValue(flagNamed(command, word));
    else {
      const child = given === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (child === undefined) given++;
      else command = child;
    }
  }
  return { command, given, flag, isPastFlags };
}

function flagNamed({ options }: Command, name: string): Option | undefined {
  return options.find(({ long, short }) => long === name || short === name);
}

function needingValue(flag: Option | undefined): Option | undefined {
  return flag?.required ? flag : undefined;
}

function flagsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

function commandsOf(command: Command): Candidate[] {
  const children = command.createHelp().visibleCommands(command);
  return children.map((child) => ({ value: child.name(), description: child.description() }));
}

function ofFlag({ argChoices, long, flags }: Option): Completions {
  if (argChoices !== undefined) return choices(argChoices);
  if (long === '--site' || long === '--sites') return SITES;
  return /<(file|dir)>/.test(flags) ? FILES : NOTHING;
}

function ofArgument(argument: Argument, program: Command): Completions {
  if (argument.argChoices !== undefined) return choices(argument.argChoices);
  const name = argument.name();
  if (name === 'command') return { ...NOTHING, candidates: commandsOf(program) };
  if (name.startsWith('site')) return SITES;
  return name === 'dir' || name === 'file' ? FILES : NOTHING;
}

function choices(values: readonly string[]): Completions {
  return { ...NOTHING, candidates: values.map((value) => ({ value, description: '' })) };
}

function starting(completions: Completions, typed: string): Completions {
  return {
    ...completions,
    candidates: completions.candidates.filter(({ value }) => value.startsWith(typed)),
  };
}
