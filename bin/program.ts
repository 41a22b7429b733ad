import { Command, Option } from 'commander';
import { version } from '../shared/version.ts';
import { activateCommand } from './commands/activate.ts';
import { aliasesCommand } from './commands/aliases.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { devCommand } from './commands/dev.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { edgeCommand } from './commands/edge.ts';
import { edgesCommand } from './commands/edges.ts';
import { auditCommand, eventsCommand } from './commands/events.ts';
import { helpCommand } from './commands/help.ts';
import { initCommand } from './commands/init.ts';
import { logCommand } from './commands/log.ts';
import { openCommand } from './commands/open.ts';
import { originCommand } from './commands/origin.ts';
import { pinCommand, unpinCommand } from './commands/pin.ts';
import { pruneCommand } from './commands/prune.ts';
import { publishCommand } from './commands/publish.ts';
import { purgeCommand } from './commands/purge.ts';
import { receiptsCommand } from './commands/receipts.ts';
import { revisionsCommand } from './commands/revisions.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { rolloutCommand } from './commands/rollout.ts';
import { signCommand } from './commands/sign.ts';
import { sitesCommand } from './commands/sites.ts';
import { statusCommand } from './commands/status.ts';
import { storeCommand } from './commands/store.ts';
import { tasksCommand } from './commands/tasks.ts';
import { terraformCommand } from './commands/terraform.ts';
import { tokenCommand } from './commands/token.ts';
import { verifyCommand } from './commands/verify.ts';
import { verifyReceiptsCommand } from './commands/verify-receipts.ts';
import { warmCommand } from './commands/warm.ts';
import { watchCommand } from './commands/watch.ts';
import { webhookCommand } from './commands/webhook.ts';
import { applyConfigFile } from './options/config-file.ts';
import { streams } from './terminal/streams.ts';

/** Creates the program with all commands. The program throws errors, and the caller prints each as one line. */
export function createProgram(): Command {
  const program = new Command('skerry')
    .description('A self-hosted CDN: publish at one origin, serve from your own edges.')
    .version(version)
    // A flag belongs to the command that precedes it, because some commands and their subcommands have flags of the
    // same name.
    .enablePositionalOptions()
    .addOption(configOption());
  program.helpCommand(false);
  for (const command of [
    helpCommand(program),
    devCommand(),
    originCommand(),
    edgeCommand(),
    initCommand(),
    publishCommand(),
    watchCommand(),
    rollbackCommand(),
    rolloutCommand(),
    activateCommand(),
    aliasesCommand(),
    openCommand(),
    purgeCommand(),
    signCommand(),
    diffCommand(),
    revisionsCommand(),
    receiptsCommand(),
    verifyReceiptsCommand(),
    statusCommand(),
    doctorCommand(),
    sitesCommand(),
    edgesCommand(),
    tasksCommand(),
    logCommand(),
    eventsCommand(),
    auditCommand(),
    pruneCommand(),
    pinCommand(),
    unpinCommand(),
    verifyCommand(),
    warmCommand(),
    storeCommand(),
    tokenCommand(),
    webhookCommand(),
    terraformCommand(),
    completionCommand(program),
  ]) {
    program.addCommand(command);
  }
  program.addCommand(completeCommand(program), { hidden: true });
  program.hook('preAction', async (_program, command) => {
    takeNoFromEnvironment(command);
    const { config } = { ...program.opts<ConfigFlag>(), ...command.opts<ConfigFlag>() };
    await applyConfigFile(command, program, config);
  });
  for (const command of program.commands) takeConfigAnywhere(command);
  throwErrors(program);
  return program;
}

/** Commander treats every value of a variable as yes. This function makes 0, no, false and an empty value mean no. */
function takeNoFromEnvironment(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (!option.isBoolean() || command.getOptionValueSource(name) !== 'env') continue;
    const value = option.envVar === undefined ? undefined : process.env[option.envVar];
    if (/^(0|no|false|)$/i.test(value ?? '')) command.setOptionValueWithSource(name, undefined, 'default');
  }
}

interface ConfigFlag {
  readonly config?: string;
}

function configOption(): Option {
  return new Option('--config <file>', 'read defaults from this file instead of ./skerry.yaml');
}

function takeConfigAnywhere(command: Command): void {
  command.addOption(configOption().hideHelp());
  for (const child of command.commands) takeConfigAnywhere(child);
}

function throwErrors(command: Command): void {
  // The caller prints errors, so commander prints only help.
  command.exitOverride().configureOutput({
    outputError: () => {},
    writeOut: (text) => streams().stdout.write(text),
    writeErr: (text) => streams().stderr.write(text),
  });
  command.showHelpAfterError(false).showSuggestionAfterError(true);
  for (const child of command.commands) throwErrors(child);
}
