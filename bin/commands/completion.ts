import { Argument, Command } from 'commander';
import { completionsFor, valueAmong } from '../completion/candidates.ts';
import { type ClientOptions, clientCommand, localToken } from '../options/client-command.ts';
import { streams } from '../terminal/streams.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('print the script with which a shell completes commands, flags and names of sites')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', HOW_TO)
    .action(async (shell: (typeof SHELLS)[number]) => {
      const { shellScript } = await import('../completion/shell.ts');
      streams().stdout.write(shellScript(shell, program.name()));
    });
}

const HOW_TO = `
Add one of these lines to the file that your shell reads at its start:
  bash (with the package bash-completion)  source <(skerry completion bash)
  zsh (after compinit)                     source <(skerry completion zsh)
  fish                                     skerry completion fish | source`;

/** The hidden command that the script calls. */
export function completeCommand(program: Command): Command {
  return clientCommand('complete', 'print what may stand in the last of the words')
    .argument('[words...]', 'the words after skerry')
    .action(async (words: readonly string[], options: ClientOptions) => {
      const { candidates, files, sites } = completionsFor(program, words);
      const { shellAnswer } = await import('../completion/shell.ts');
      const named = sites ? await sitesNamed(words, options) : [];
      streams().stdout.write(shellAnswer([...candidates, ...named], files));
    });
}

/** Asks the origin that the words name, or else the usual one. */
async function sitesNamed(words: readonly string[], options: ClientOptions) {
  const { siteNames } = await import('../completion/site-names.ts');
  const data = valueAmong(words, '--data') ?? options.data;
  const token = valueAmong(words, '--token') ?? options.token ?? localToken(data);
  const origin = valueAmong(words, '--origin') ?? options.origin;
  const ca = valueAmong(words, '--ca') ?? options.ca;
  const insecure = words.includes('--insecure') || options.insecure === true;
  const typed = words.at(-1) ?? '';
  const start = typed.startsWith('-') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const names = await siteNames({
    ...{ data, origin, insecure },
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca }),
  });
  return names.filter((name) => name.startsWith(start)).map((value) => ({ value, description: 'site' }));
}
