const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The preferred form and the two obsolete ones that a server must still read (RFC 9110, 5.6.7). */
const forms = [
  /^[a-z]{3}, (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) gmt$/i,
  /^[a-z]{6,9}, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) gmt$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})$/i,
];

/** Returns milliseconds since 1970. Undefined for anything that is not an HTTP date. */
export function parseHttpDate(text: string): number | undefined {
  for (const form of forms) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const month = MONTHS.indexOf((parts.month ?? '').toLowerCase());
    if (month === -1) return undefined;
    const year = Number(parts.year);
    return Date.UTC(
      year < 100 ? century(year) + year : year,
      month,
      Number(parts.day),
      Number(parts.h),
      Number(parts.m),
      Number(parts.s),
    );
  }
  return undefined;
}

/** Reads two-digit years as POSIX does. */
function century(year: number): number {
  return year < 70 ? 2000 : 1900;
}
