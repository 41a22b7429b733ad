import type { Argument, Command, Option } from 'commander';

/** Writes skerry(1) in the language of man(7), from the help of the program and its commands. */
export function manPage(
  program: Command,
  { date, version }: { readonly date: string; readonly version: string },
): string {
  const name = program.name();
  return [
    `.TH ${name.toUpperCase()} 1 ${date} "${name} ${version}"`,
    '.SH NAME',
    `${name} \\- ${escaped(summary(program))}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I COMMAND\n[\\,\\fIOPTION\\fR...]',
    '.SH DESCRIPTION',
    escaped(program.description()),
    '.SH OPTIONS',
    ...program.createHelp().visibleOptions(program).map(optionText),
    '.SH COMMANDS',
    ...visibleCommands(program).flatMap((command) => commandText(name, command)),
    ...CLOSING,
    '',
  ].join('\n');
}

const CLOSING = [
  '.SH EXIT STATUS',
  '.TP\n0\nThe command is done, and its effect is visible where it waited for that.',
  '.TP\n1\nThe command failed and changed nothing.',
  '.TP\n2\nThe command was called with wrong arguments.',
  '.TP\n3\nThe revision is live, but not all edges that were waited for have confirmed it.',
  '.SH ENVIRONMENT',
  'Each flag has a variable: SKERRY_ORIGIN stands for \\-\\-origin, and SKERRY_ADMIN_PORT for \\-\\-admin\\-port. A flag overrides its variable.',
  '.SH FILES',
  '.TP\n.I skerry.yaml\nDefaults for flags, in the current folder. The variables override it.',
];

/** A command and its subcommands, each with its full name. */
function commandText(parents: string, command: Command): string[] {
  const fullName = `${parents} ${command.name()}`;
  const help = command.createHelp();
  const operands = command.registeredArguments.map(operandText).join(' ');
  return [
    `.SS ${escaped(`${fullName} ${operands}`.trim())}`,
    sentence(command.description()),
    ...command.registeredArguments.filter(({ description }) => description !== '').map(argumentText),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map(optionText),
    ...visibleCommands(command).flatMap((child) => commandText(fullName, child)),
  ];
}

function visibleCommands(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function operandText(argument: Argument): string {
  const name = `${argument.name().toUpperCase()}${argument.variadic ? '...' : ''}`;
  return argument.required ? name : `[${name}]`;
}

function argumentText(argument: Argument): string {
  return `.TP\n.I ${escaped(operandText(argument))}\n${sentence(argument.description)}`;
}

function optionText(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `; one of ${option.argChoices.join(', ')}`;
  const usual = hasUsualValue(option) ? ` (default: ${option.defaultValue})` : '';
  return `.TP\n.B ${escaped(option.flags)}\n${sentence(`${option.description}${choices}${usual}`)}`;
}

function hasUsualValue({ defaultValue }: Option): boolean {
  return typeof defaultValue === 'string' || typeof defaultValue === 'number';
}

function summary(program: Command): string {
  return program.description().replace(/\.$/, '');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return escaped(`${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`);
}

/** Escapes the start of roff commands: a backslash, and a dot or an apostrophe at the start of a line. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
