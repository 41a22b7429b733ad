const CUT = '[cut]';

/** The patterns of secrets, which match anywhere in a text or in JSON text. */
const SECRETS: readonly [pattern: RegExp, instead: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z ]*-----)?/g, CUT],
  // Tokens of the API, of the admin port and for joining.
  [/\bsk[aj]?_[\w.-]+/g, CUT],
  [/\b(Bearer|Basic)\s+[^\s"\\]+/gi, `$1 ${CUT}`],
  // Matches queries, because signed URLs carry their token there. The next pattern matches a user name and password
  // before the host.
  [/\?[^\s"'\\<>]*/g, `?${CUT}`],
  [/\/\/[^\s/"@]+@/g, `//${CUT}@`],
  [/\b((?:skerry-token|password|secret|token)\s*[=:]\s*)[^\s"',;&\\]+/gi, `$1${CUT}`],
  [
    /("[\w-]{0,40}(?:token|secret|password|authorization|cookie|private)[\w-]{0,40}"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    `$1"${CUT}"`,
  ],
  // Matches random bytes as base64 of either alphabet: keys, signatures, secrets. Hex digests, long names and most
  // paths do not mix characters like this. The search starts only at positions where such bytes can begin, so its time
  // is proportional to the length of the text.
  [/(?<![\w+/-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{24,}=*/g, CUT],
];

/** Removes everything from the text that may be a secret. If in doubt, it removes too much. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), text);
}
