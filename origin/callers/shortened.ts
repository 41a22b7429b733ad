/** The limits for names and lists that a caller chose, so that a line or an event stays short. */
const MOST_CHARACTERS = { value: 4096, all: 8192 };
const MOST_FIELDS = 32;

/** The same fields, with long values cut. A cut value is a text that ends with `…`. */
export function shortened(what: Readonly<Record<string, unknown>>): Record<string, unknown> {
  let left = MOST_CHARACTERS.all;
  const fields = Object.entries(what).slice(0, MOST_FIELDS);
  return Object.fromEntries(
    fields.map(([name, value]) => {
      const text = JSON.stringify(value) ?? '';
      const most = Math.min(MOST_CHARACTERS.value, left);
      left -= Math.min(text.length, most);
      return [name, text.length <= most ? value : `${text.slice(0, most)}…`];
    }),
  );
}
