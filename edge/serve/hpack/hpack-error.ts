/** A header block that cannot be decoded. Its connection must end, because the tables of both sides differ from now on. */
export class HpackError extends Error {}
