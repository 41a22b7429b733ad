import { ShellCompDirective, script } from '@bomb.sh/tab';
import type { Candidate } from './candidates.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** The script that a shell reads at its start. It calls `PROGRAM complete -- WORDS` when a person presses Tab. */
export function shellScript(shell: Shell, program: string): string {
  const text = printedBy(() => script(shell, program, program));
  if (shell !== 'bash') return text;
  // Bash would complain when it reads the script again. Without this option, it would complete no names of files.
  return `${text.replaceAll(/^readonly /gm, '')}complete -o default -F __${program}_complete ${program}\n`;
}

/** What the script expects: a line with value and description for each candidate, then a number. */
export function shellAnswer(candidates: readonly Candidate[], files: boolean): string {
  const { ShellCompDirectiveDefault, ShellCompDirectiveNoFileComp } = ShellCompDirective;
  const lines = candidates.map(({ value, description }) => `${value}\t${description}`);
  return `${[...lines, `:${files ? ShellCompDirectiveDefault : ShellCompDirectiveNoFileComp}`].join('\n')}\n`;
}

/** The library prints its scripts and returns none. */
function printedBy(print: () => void): string {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    print();
  } finally {
    console.log = log;
  }
  return `${lines.join('\n')}\n`;
}
