import { ShellCompDirective, script } from '@bomb.sh/tab';
import type { Candidate } from './candidates.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** The script that a shell reads at its start. It calls `PROGRAM complete -- WORDS` when a person presses Tab. */
export function shellScript(shell: Shell, program: string): string {
  const text = printedBy(() => script(shell, program, program));
  if (shell !== 'bash') return text;
  // Bash would complain when it reads the script again. Without this option, it would complete no names of files.
  return `${withValues(text).replaceAll(/^readonly /gm, '')}complete -o default -F __${program}_complete ${program}\n`;
}

const COMPARISON = `compgen -W "\${completions[*]}" -- "$cur"`;
const COMPARISON_OF_VALUES = `
        typed=$cur before=
        if [[ $cur == -*=* ]]; then
            typed=\${cur#*=}
            [[ $COMP_WORDBREAKS == *=* ]] || before=\${cur%%=*}=
        fi
        compgen -P "$before" -W "\${completions[*]}" -- "$typed"
    `;

/**
 * The script compares candidates with all of `--flag=VALUE`, but the program offers values alone. Bash itself takes `=`
 * for the end of a word and puts the candidate behind it, unless a person has changed that.
 */
function withValues(bashScript: string): string {
  return bashScript.replace(COMPARISON, () => COMPARISON_OF_VALUES);
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
