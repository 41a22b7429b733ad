import { streams } from './streams.ts';

/** If the reader closes the pipe early, as `head` does, the command ends without an error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

/**
 * Characters that a terminal interprets instead of displaying: controls (C0, DEL, C1), line ends, and marks that change
 * the direction of text. Names, messages and faults come from other parties, and must not be able to overwrite other
 * output.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COMMANDS = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes untrusted text safe to print on one line. Characters that a terminal interprets become `\x1b` or `\u202e`. */
export function shown(text: string): string {
  return text.replace(COMMANDS, (command) => {
    const code = command.charCodeAt(0);
    const digits = code.toString(16);
    return (
      SHORT[command] ?? (code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`)
    );
  });
}

/** The first line of a text that may have several. */
export function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split(/\r\n|[\n\r]/);
  return more.length === 0 ? first : `${first.trimEnd()} …`;
}

/** The text that JSON.stringify gives, with the characters that a terminal interprets escaped as in JSON. */
export function jsonLine(value: unknown): string {
  const inJson = (command: string) => `\\u${command.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(COMMANDS, inJson);
}

/** Prints a value alone on stdout. */
export function printJson(value: unknown): void {
  streams().stdout.write(`${jsonLine(value)}\n`);
}

export function printLine(text: string): void {
  streams().stdout.write(`${shown(text)}\n`);
}

/** Prints a text for people on stderr, in addition to the output of a command. */
export function printError(text: string): void {
  streams().stderr.write(`${shown(text)}\n`);
}

/** Prints columns aligned under their headings, with numbers aligned to the right. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const safe = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell : shown(cell))));
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...safe.map((row) => String(row[i] ?? '').length)),
  );
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, i) =>
        typeof cell === 'number' ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd();
  printLine(line(headings.map((heading) => heading.toUpperCase())));
  for (const row of safe) printLine(line(row));
}

export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function humanSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}
