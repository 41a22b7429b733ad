import { type Command, Option } from 'commander';
import { systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { MigrationStatus } from '../../shared/wire/store-api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { humanBytes, humanSeconds, plural, printError, printJson, printLine } from '../terminal/output.ts';

interface MigrateFlags extends ClientOptions {
  readonly json?: boolean;
  readonly to?: string;
  readonly cancel?: boolean;
  readonly dropOld?: boolean;
  readonly forget?: boolean;
}

export function storeMigrateCommand(): Command {
  return readingCommand('migrate', 'move the objects to another store while the origin runs')
    .addOption(
      new Option(
        '--to <url>',
        's3://BUCKET/PREFIX, or file: for the data folder; the origin continues if this command is interrupted',
      ),
    )
    .addOption(new Option('--cancel', 'end the move, and delete what it has copied'))
    .addOption(new Option('--drop-old', 'delete the objects of the store that was left'))
    .addOption(new Option('--forget', 'forget the second store, and leave its objects where they are'))
    .action(({ json, to, cancel, dropOld, forget, ...options }: MigrateFlags) =>
      withClient(options, async (client, signal) => {
        const calls = await import('../../origin/client/store-calls.ts');
        if ([to !== undefined, cancel, dropOld, forget].filter(Boolean).length > 1)
          throw new SkerryError('bad-config', 'give one of --to, --cancel, --drop-old and --forget');
        const show = (status: MigrationStatus) => (json ? printJson(status) : printStatus(status));
        let begun: MigrationStatus;
        if (to !== undefined) begun = await calls.beginMigration(client, to);
        else if (cancel || dropOld) begun = await calls.dropStore(client, cancel ? 'target' : 'kept');
        else if (forget) begun = await calls.forgetStore(client);
        else return show(await calls.migrationStatus(client));
        const status = await calls.migrationEnd(client, progress(), { clock: systemClock, signal });
        show(status);
        // Somebody else may have cancelled the move.
        if (to !== undefined && status.store !== begun.other?.url) process.exitCode = 1;
      }),
    );
}

/** Tells on stderr why a move does not go on and, while a person watches, how far it is. */
function progress(): (status: MigrationStatus) => void {
  let told = '';
  return (status) => {
    const text = status.error ?? (process.stderr.isTTY ? progressText(status) : undefined);
    if (text === undefined || text === told) return;
    told = text;
    printError(text);
  };
}

function progressText({ other, progress: done }: MigrationStatus): string | undefined {
  if (other === null || done === null) return undefined;
  const { objects, bytes, left, bytesPerSecond, secondsLeft } = done;
  const copied = `${plural(objects, 'object')} in ${other.url}, ${humanBytes(bytes)}`;
  if (secondsLeft === null) return copied;
  const rest = `${plural(left.objects, 'object')}, ${humanBytes(left.bytes)} left`;
  return `${copied}; ${rest}, about ${humanSeconds(secondsLeft)} at ${humanBytes(bytesPerSecond)}/s`;
}

function printStatus(status: MigrationStatus): void {
  const { store, other, error } = status;
  printLine(`the objects are in ${store}`);
  if (other === null) return;
  const what = {
    target: 'they are on their way to',
    kept: 'the objects from before are kept in',
    dropping: 'objects are being deleted in',
    leaving: 'the origin forgets',
  }[other.role];
  printLine(`${what} ${other.url}`);
  const done = progressText(status);
  if (done !== undefined) printLine(done);
  if (error !== null) printLine(error);
  if (other.role === 'kept') printLine('delete them: skerry store migrate --drop-old');
}
