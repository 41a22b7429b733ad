import { Cron } from 'croner';
import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import { ByteCache } from '../process/byte-cache.ts';

export const scheduleSchema = Type.Object(
  {
    cron: Type.String({
      maxLength: 100,
      description: 'When a window opens, in five fields: minute, hour, day of month, month, day of week.',
    }),
    timezone: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'The IANA name of the time zone, such as Europe/Oslo.',
    }),
    minutes: Type.Integer({ minimum: 1, maximum: 1440, description: 'The length of the window.' }),
  },
  { additionalProperties: false },
);

/** A window opens whenever the expression fires, and stays open for `minutes` of elapsed time. */
export type Schedule = Static<typeof scheduleSchema>;

/** A window includes `opens` and excludes `closes`, both in milliseconds since 1970. */
export interface Window {
  readonly opens: number;
  readonly closes: number;
}

const MINUTE = 60_000;
/**
 * A field may have numbers, names, lists, ranges and steps, and croner's L, W and #, but not croner's other extensions.
 */
const FIELD = /^[\da-z*,/#-]+$/i;
/** The calendar repeats every 400 years, so an expression that fires after this date fires after any date. */
const CALENDAR = Date.UTC(2000, 0, 1);
/**
 * How many windows are joined on either side of a moment. Without a limit, a schedule that never closes would cause an
 * endless loop.
 */
const MOST_JOINS = 200;

/** Throws `bad-schedule` when the expression or the time zone is unknown, or when the expression never fires. */
export function checkSchedule(schedule: Schedule): void {
  fireAfter(parse(schedule), CALENDAR);
}

/**
 * The window that is open at `now`. Windows that overlap or touch count as one. An endless window is cut at both ends,
 * so the caller asks again at `closes`. Throws `bad-schedule`.
 */
export function windowAt(schedule: Schedule, now: number): Window | undefined {
  const cron = parse(schedule);
  const length = schedule.minutes * MINUTE;
  let opens = fireAfter(cron, now - length);
  if (opens > now) return undefined;
  for (let joins = 0; joins < MOST_JOINS; joins++) {
    const earlier = fireAfter(cron, opens - length - 1);
    if (earlier >= opens) break;
    opens = earlier;
  }
  return { opens, closes: closing(cron, now, length) };
}

/**
 * The first window that opens after `after`. A window that is open at `after` does not count. At the point where an
 * endless window is cut, the next one begins. Throws `bad-schedule`.
 */
export function nextWindow(schedule: Schedule, after: number): Window {
  const cron = parse(schedule);
  const open = windowAt(schedule, after);
  const opens = fireAfter(cron, open === undefined ? after : open.closes - 1);
  return { opens, closes: closing(cron, opens, schedule.minutes * MINUTE) };
}

/** The time at which the window that is open at `now` closes. */
function closing(cron: Cron, now: number, length: number): number {
  let last = lastFire(cron, now);
  for (let joins = 0; joins < MOST_JOINS; joins++) {
    const later = lastFire(cron, last + length);
    if (later === last) break;
    last = later;
  }
  return last + length;
}

/** Roughly the memory of a parsed expression. */
const CRON_BYTES = 8 * 1024;
/**
 * Parsed expressions are cached, because a schedule is evaluated again and again, and it takes longer to parse an
 * expression than to evaluate it.
 */
const parsed = new ByteCache<string, Cron>({ bytes: 100 * CRON_BYTES, sizeOf: () => CRON_BYTES });

function parse(schedule: Schedule): Cron {
  const key = JSON.stringify([schedule.timezone, schedule.cron]);
  let cron = parsed.get(key);
  if (cron === undefined) {
    cron = parseAnew(schedule);
    parsed.set(key, cron);
  }
  return cron;
}

function parseAnew({ cron, timezone }: Schedule): Cron {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) throw bad(cron, `five fields are needed, not ${fields.length}`);
  const strange = fields.find((field) => !FIELD.test(field));
  if (strange !== undefined) throw bad(cron, `${strange} is not understood`);
  checkTimezone(timezone);
  try {
    // With this rule, a fixed time that the change to summer time skips fires right after the change, and a time that
    // occurs twice in autumn fires once. Croner's own rule does not cover expressions such as `30 2,14 * * *`.
    return new Cron(fields.join(' '), { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard' });
  } catch (cause) {
    throw bad(cron, cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : 'invalid', cause);
  }
}

function checkTimezone(timezone: string): void {
  let known = /^[a-z]/i.test(timezone); // Intl also accepts offsets such as +01:00, which have no daylight saving time.
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    known = false;
  }
  if (!known) throw new SkerryError('bad-schedule', `${JSON.stringify(timezone)} is not an IANA time zone`);
}

/** The first time the expression fires strictly after `after`. */
function fireAfter(cron: Cron, after: number): number {
  const next = cron.nextRun(new Date(after));
  if (next === null) throw bad(cron.getPattern() ?? '', 'it never fires');
  return next.getTime();
}

/** The last time the expression fired at or before `until`. The caller knows that there is one. */
function lastFire(cron: Cron, until: number): number {
  const [last] = cron.previousRuns(1, new Date(until + 1));
  if (last === undefined) throw bad(cron.getPattern() ?? '', 'it never fired');
  return last.getTime();
}

function bad(cron: string, reason: string, cause?: unknown): SkerryError {
  return new SkerryError('bad-schedule', `${JSON.stringify(cron)} is not a schedule: ${reason}`, { cause });
}
