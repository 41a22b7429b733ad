/** How far an edge's clock may differ from the origin's before the difference is reported. */
const UNNOTED_MS = 5000;

/** Describes a clock that is `offset` milliseconds ahead of the origin's. Undefined when the offset is small. */
export function clockFault(offset: number): string | undefined {
  if (Math.abs(offset) <= UNNOTED_MS) return undefined;
  return `the clock is ${duration(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** A duration in its largest unit and the next: `2 min 0 s`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  let left = seconds;
  return UNITS.slice(first, first + 2)
    .map(([unit, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return `${count} ${unit}`;
    })
    .join(' ');
}
