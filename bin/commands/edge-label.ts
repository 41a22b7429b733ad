import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { edgeName, label, option } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface LabelOptions extends ClientOptions {
  readonly json?: boolean;
  readonly remove?: boolean;
}

export function edgeLabelCommand(): Command {
  return readingCommand('label', 'add labels to an edge, or remove some')
    .argument('<name>', 'the name of the edge', edgeName)
    .argument('<labels...>', 'the labels', (text: string, before: readonly string[] = []) => [
      ...before,
      label(text),
    ])
    .addOption(option('--remove', 'remove these labels instead of adding them'))
    .action((name: string, labels: string[], options: LabelOptions) =>
      withClient(options, async (client) => {
        const edge = await client.labelEdge(name, options.remove ? { remove: labels } : { add: labels });
        if (options.json) return printJson(edge);
        printLine(`edge ${name} has ${edge.labels.length === 0 ? 'no label' : edge.labels.join(', ')}`);
      }),
    );
}
