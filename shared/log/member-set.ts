/**
 * Some of the members that a list names, as one bit for each of them in base64url. The first member has the lowest bit
 * of the first byte. Ten thousand members take 1667 characters, whatever their names are.
 */
export function memberSet(names: readonly string[], members: readonly { readonly name: string }[]): string {
  const chosen = new Set(names);
  const bits = new Uint8Array(Math.ceil(members.length / 8));
  for (const [at, { name }] of members.entries())
    if (chosen.has(name)) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  return Buffer.from(bits).toString('base64url');
}

/** The names in a set. Bits beyond the list mean nothing. */
export function membersIn(set: string, members: readonly { readonly name: string }[]): string[] {
  const bits = Buffer.from(set, 'base64url');
  return members.filter((_, at) => ((bits[at >> 3] ?? 0) >> (at & 7)) & 1).map(({ name }) => name);
}
