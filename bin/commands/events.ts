import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { EventList, EventQuery } from '../../origin/client/event-calls.ts';
import type { Event } from '../../shared/wire/event.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { edgeName, option, siteName, whole } from '../options/options.ts';
import { causeOf, detailsOf } from '../terminal/event-summary.ts';
import { printError, printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

interface EventFlags extends ClientOptions {
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly kind?: string;
  readonly site?: string;
  readonly edge?: string;
  readonly after?: number;
  readonly limit: number;
}

export function eventsCommand(): Command {
  return listCommand('events', 'show what happened, and what the origin did and why');
}

export function auditCommand(): Command {
  return listCommand('audit', 'show who published, purged, changed settings or members, and made tokens');
}

function listCommand(list: EventList, description: string): Command {
  return readingCommand(list, description)
    .addOption(option('--follow', 'keep running and show events as they happen'))
    .addOption(option('--kind <kind>', 'only events of this kind'))
    .addOption(option('--site <name>', 'only events of this site').argParser(siteName))
    .addOption(option('--edge <name>', 'only events of this edge').argParser(edgeName))
    .addOption(
      option('--after <id>', 'begin after this event instead of with the newest ones').argParser(
        whole(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(option('--limit <n>', 'how many events to show').argParser(whole(1, 1000)).default(20))
    .action(({ json = false, follow = false, kind, site, edge, after, limit, ...options }: EventFlags) =>
      withClient(options, async (client, signal) => {
        const query = { kind, site, edge };
        if (!follow) return printPage(await shownEvents(client, list, { ...query, after, limit }), json);
        await printFollowed(client, list, { ...query, after, limit }, json, signal);
      }),
    );
}

/** Returns the events in the order in which they happened, and the position from which to continue. */
async function shownEvents(client: ApiClient, list: EventList, query: EventQuery & { limit: number }) {
  const { readEvents } = await import('../../origin/client/event-calls.ts');
  const events: Event[] = [];
  let { after, before }: Pick<EventQuery, 'after' | 'before'> = query;
  for (let more = true; more && events.length < query.limit; ) {
    const page = await readEvents(client, list, {
      ...query,
      after,
      before,
      limit: query.limit - events.length,
    });
    events.push(...page.events);
    if (after === undefined) before = page.next;
    else after = page.next;
    ({ more } = page);
  }
  return query.after === undefined ? events.reverse() : events;
}

function printPage(events: readonly Event[], json: boolean): void {
  if (json) printJson({ events });
  else
    printTable(
      ['id', 'time (utc)', 'kind', 'site', 'edge', 'cause', 'what'],
      events.map((event) => [event.id, ...columns(event)]),
    );
}

async function printFollowed(
  client: ApiClient,
  list: EventList,
  { after, limit, ...filter }: EventQuery & { limit: number },
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { followEvents, readEvents } = await import('../../origin/client/event-calls.ts');
  const print = (event: Event) => (json ? printJson(event) : printLine(line(event)));
  let last = after;
  if (last === undefined) {
    // Events that happen between the two reads appear in the second read or in the stream.
    const [newest] = (await readEvents(client, list, { limit: 1 })).events;
    const shown = await shownEvents(client, list, { ...filter, limit });
    shown.forEach(print);
    last = Math.max(newest?.id ?? 0, shown.at(-1)?.id ?? 0);
  }
  let isLost = false;
  const lost = () => {
    if (!isLost) printError('skerry: the origin does not answer; waiting for it');
    isLost = true;
  };
  for await (const event of followEvents(client, list, { ...filter, after: last }, { signal, lost })) {
    isLost = false;
    print(event);
  }
}

function line(event: Event): string {
  const [time, kind, ...rest] = columns(event);
  return [String(event.id).padStart(6), time, kind.padEnd(13), ...rest.filter((part) => part !== '')].join(
    '  ',
  );
}

function columns(event: Event): [time: string, kind: string, ...rest: string[]] {
  const { time, kind, site = '', edge = '' } = event;
  return [timestamp(time), kind, site, edge, causeOf(event), detailsOf(event)];
}
