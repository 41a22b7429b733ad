/** A header block that cannot be decoded. Its connection must end, because the tables of both sides differ from now on. */
export class HpackError extends Error {}

/** A header block that stands for so much that decoding it to its end would be a waste. Its connection must end, too. */
export class HeaderBomb extends Error {}
