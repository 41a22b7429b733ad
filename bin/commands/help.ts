import { Command } from 'commander';

/** Also explains subcommands: `skerry help token create`. */
export function helpCommand(program: Command): Command {
  return new Command('help')
    .description('show the help of a command')
    .argument('[command...]', 'the command, such as publish or token create')
    .action((names: readonly string[]) => {
      let command: Command = program;
      for (const name of names) {
        const found = command.commands.find((candidate) => candidate.name() === name);
        if (found === undefined)
          command.error(`unknown command '${names.join(' ')}'`, { code: 'commander.unknownCommand' });
        command = found;
      }
      command.outputHelp();
    });
}
