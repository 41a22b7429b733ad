import { Command } from 'commander';
import { systemClock } from '../../shared/clock.ts';
import type { StoreStatus } from '../../shared/wire/store-api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { humanBytes, plural, printJson, printLine } from '../terminal/output.ts';
import { storeMigrateCommand } from './store-migrate.ts';

export function storeCommand(): Command {
  return new Command('store')
    .description("check the origin's object store, or move it")
    .addCommand(verifyCommand())
    .addCommand(storeMigrateCommand());
}

function verifyCommand(): Command {
  return readingCommand('verify', 'compare all objects of the origin with their digests').action(
    ({ json, ...options }: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client, signal) => {
        const { verifyStore } = await import('../../origin/client/store-calls.ts');
        const status = await verifyStore(client, { clock: systemClock, signal });
        if (json) printJson(status);
        else for (const line of statusLines(status)) printLine(line);
        if (status.damaged > 0 || (status.pass?.damaged ?? 0) > 0) process.exitCode = 1;
      }),
  );
}

function statusLines({ damaged: lost, pass }: StoreStatus): string[] {
  if (pass === null) return [];
  const { objects, bytes, damaged } = pass;
  const read = `${plural(objects, 'object')}, ${humanBytes(bytes)}, ${damaged} damaged`;
  if (damaged === 0 && lost === 0) return [read];
  return [
    read,
    lost === 0
      ? 'the store has all objects again'
      : `${plural(lost, 'object')} must be stored again; the origin asks its edges for them (skerry events)`,
  ];
}
