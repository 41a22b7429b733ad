import { Cron } from 'croner';
import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';

export const scheduleSchema = Type.Object(
  {
    cron: Type.String({
      maxLength: 100,
      description: 'Five fields: minute, hour, day of month, month, day of week.',
    }),
    timezone: Type.String({ minLength: 1, maxLength: 64, description: 'By its IANA name: Europe/Oslo.' }),
    minutes: Type.Integer({ minimum: 1, maximum: 1440, description: 'The length of the window.' }),
  },
  { additionalProperties: false },
);

/** A window opens whenever the expression fires, and stays open for so many minutes of elapsed time. */
export type Schedule = Static<typeof scheduleSchema>;

/** From `opens` on and before `closes`, both in milliseconds since 1970. */
export interface Window {
  readonly opens: number;
  readonly closes: number;
}

const MINUTE = 60_000;
/** Numbers, names, lists, ranges and steps; L, W and # of croner. Its other additions are not offered. */
const FIELD = /^[\da-z*,/#-]+$/i;
/** The calendar repeats every 400 years, so what fires after this fires after any moment. */
const CALENDAR = Date.UTC(2000, 0, 1);
/** Joins on either side of a moment: a schedule that never closes would be followed for ever. */
const MOST_JOINS = 200;

/** Throws `bad-schedule` for an expression or a time zone that is not known, or when it never fires. */
export function checkSchedule(schedule: Schedule): void {
  fireAfter(parse(schedule), CALENDAR);
}

/**
 * The window that is open at `now`. Windows that overlap or touch are one. One that goes on and on is cut at
 * both ends, so at `closes` the caller asks again. Throws `bad-schedule`.
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
 * The next window that opens after `after`; one that is open then is over first. Where an endless window is
 * cut, the next one begins. Throws `bad-schedule`.
 */
export function nextWindow(schedule: Schedule, after: number): Window {
  const cron = parse(schedule);
  const open = windowAt(schedule, after);
  const opens = fireAfter(cron, open === undefined ? after : open.closes - 1);
  return { opens, closes: closing(cron, opens, schedule.minutes * MINUTE) };
}

/** When the window closes that is open at `now`. */
function closing(cron: Cron, now: number, length: number): number {
  let last = lastFire(cron, now);
  for (let joins = 0; joins < MOST_JOINS; joins++) {
    const later = lastFire(cron, last + length);
    if (later === last) break;
    last = later;
  }
  return last + length;
}

function parse({ cron, timezone }: Schedule): Cron {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) throw bad(cron, `five fields are needed, not ${fields.length}`);
  const strange = fields.find((field) => !FIELD.test(field));
  if (strange !== undefined) throw bad(cron, `${strange} is not understood`);
  checkTimezone(timezone);
  try {
    // By this rule a fixed time that the clocks skip fires when they have moved, and one that they repeat
    // fires once; croner's own rule makes no exception for `30 2,14 * * *`.
    return new Cron(fields.join(' '), { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard' });
  } catch (cause) {
    throw bad(cron, cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : 'invalid', cause);
  }
}

function checkTimezone(timezone: string): void {
  let known = /^[a-z]/i.test(timezone); // Intl takes +01:00 too, which has no rules for summer.
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    known = false;
  }
  if (!known) throw new SkerryError('bad-schedule', `${JSON.stringify(timezone)} is not an IANA time zone`);
}

/** The first time strictly after `after`. */
function fireAfter(cron: Cron, after: number): number {
  const next = cron.nextRun(new Date(after));
  if (next === null) throw bad(cron.getPattern() ?? '', 'it never fires');
  return next.getTime();
}

/** The last time at or before `until`, where there is known to be one. */
function lastFire(cron: Cron, until: number): number {
  const [last] = cron.previousRuns(1, new Date(until + 1));
  if (last === undefined) throw bad(cron.getPattern() ?? '', 'it never fired');
  return last.getTime();
}

function bad(cron: string, reason: string, cause?: unknown): SkerryError {
  return new SkerryError('bad-schedule', `${JSON.stringify(cron)} is not a schedule: ${reason}`, { cause });
}
