import { type Command, InvalidArgumentError } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { option } from '../options/options.ts';
import { printJson, printTable, timestamp } from '../terminal/output.ts';

export function logCommand(): Command {
  return readingCommand('log', 'show the newest records of the log')
    .addOption(
      option('--from <seq>', 'begin at this sequence number').argParser(whole(Number.MAX_SAFE_INTEGER)),
    )
    .addOption(option('--limit <n>', 'how many records to show').argParser(whole(1000)).default(20))
    .action((options: ClientOptions & { json?: boolean; from?: number; limit: number }) =>
      withClient(options, async (client) => {
        const { records } = await client.log(options.from, options.limit);
        if (options.json) return printJson({ records });
        const { recordSummary } = await import('../terminal/record-summary.ts');
        printTable(
          ['seq', 'time (utc)', 'kind', 'site', 'revision', 'root', 'what'],
          records.map((record) => [
            record.seq,
            timestamp(record.time),
            record.kind,
            record.site || '',
            record.revision || '',
            record.root?.slice(0, 12) ?? '',
            recordSummary(record),
          ]),
        );
      }),
    );
}

function whole(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError('Give a whole number, 1 or more.');
    return value;
  };
}
