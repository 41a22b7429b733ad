/**
 * The limits of `_headers` and `_redirects`. The origin refuses a publish that certainly exceeds them. An edge checks
 * headers that depend on the request against the same limits.
 */

/** The limits of one file: its bytes, its rules, the header lines below them, and the characters of a line. */
export const MOST_RULE_BYTES = 128 * 1024;
export const MOST_RULES = 2000;
export const MOST_HEADER_LINES = 5000;
export const LONGEST_LINE = 4000;

/**
 * The maximum number of rules in one file that have placeholders or a `*`. Every request is compared with each of them.
 * The other rules are looked up.
 */
export const MOST_PATTERNS = 500;

/** The maximum number of placeholders in a pattern, and in a header's value or a target. */
export const MOST_PLACEHOLDERS = 10;

/**
 * The maximum number of characters of a header's value and of a `Location`, once the placeholders are filled in and the
 * query is added.
 */
export const LONGEST_FILLED_VALUE = 4096;
export const LONGEST_LOCATION = 8192;

/**
 * The maximum bytes that all rules together may add to the head of one response. Each line adds the lengths of its name
 * and its value, and the 32 bytes that HTTP/2 counts for a field (RFC 9113, 6.5.2). With the server's own fields, the
 * head stays below the 16 KiB that clients accept.
 */
export const MOST_HEAD_BYTES = 12 * 1024;
export const FIELD_BYTES = 32;

/** The maximum number of faults that are reported for one file. */
export const MOST_FAULTS = 100;
