/**
 * What `_headers` and `_redirects` may cost. A publish that can be seen to go beyond is refused; an edge judges the
 * rest by the same numbers.
 */

/** Bytes of such a file, rules in it, lines of headers below them, and characters of a line. */
export const MOST_RULE_BYTES = 128 * 1024;
export const MOST_RULES = 2000;
export const MOST_HEADER_LINES = 5000;
export const LONGEST_LINE = 4000;

/** Rules of a file with placeholders or a `*`: each is looked at for each request. The others are looked up. */
export const MOST_PATTERNS = 500;

/** Placeholders of a pattern, and of a header's value or a target. */
export const MOST_PLACEHOLDERS = 10;

/** Characters of a header's value, and of a `Location`, once its placeholders are filled and the query is added. */
export const LONGEST_FILLED_VALUE = 4096;
export const LONGEST_LOCATION = 8192;

/**
 * All that rules say of one path. A line counts its name, its value and as much again as HTTP/2 counts for a field
 * (RFC 9113, 6.5.2). With the server's own fields it stays below the 16 KiB that clients take for a whole head.
 */
export const MOST_HEAD_BYTES = 12 * 1024;
export const FIELD_BYTES = 32;

/** Faults that are told of one file. */
export const MOST_FAULTS = 100;
