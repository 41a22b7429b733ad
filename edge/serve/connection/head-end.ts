const CR = 0x0d;
const LF = 0x0a;
const END = Buffer.from('\r\n\r\n');

/**
 * How many of the next bytes a parser may get so that it reaches the end of at most one head. These are the bytes up to
 * the end of the first empty line, which may begin in the last three bytes of `before`.
 */
export function headEnd(before: Buffer, next: Buffer): number {
  const tail = before.subarray(-(END.length - 1));
  const joined = Buffer.concat([tail, next.subarray(0, END.length - 1)]).indexOf(END);
  if (joined !== -1) return joined + END.length - tail.length;
  const end = next.indexOf(END);
  return end === -1 ? next.length : end + END.length;
}

/** The position at which a head begins: after empty lines, which HTTP parsers skip. */
export function headBegin(bytes: Buffer): number {
  const begin = bytes.findIndex((byte) => byte !== CR && byte !== LF);
  return begin === -1 ? bytes.length : begin;
}
