import type { Random } from '../helpers/random.ts';

/** A value that is seldom the expected one. */
function oddValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => random.pick([0, -1, 1.5, 1e308, -1e-308, 2 ** 53, -(2 ** 60)]),
    () => random.pick([true, false]),
    () => random.pick(['', 'a', '\0', '../up', '\ud800', '\u202e', '__proto__', '*', '/', '%00', '\x1b[2J']),
    () => 'x'.repeat(random.below(random.pick([10, 300, 5000, 70_000]))),
    () => [],
    () => ({}),
    () => Array.from({ length: random.below(50) }, () => random.below(10)),
    () => ({ constructor: { prototype: { polluted: true } } }),
    () => JSON.parse(`{"__proto__":{"polluted":true},"a":${random.below(9)}}`),
    () => Array.from({ length: random.below(3000) }, (_, i) => `${i}`),
  ])();
}

/** A copy in which one thing, at any depth, has another value, is gone, or has another name. */
export function changedValue(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.below(5) === 0) return oddValue(random);
  if (Array.isArray(value)) {
    if (value.length === 0) return [oddValue(random)];
    const at = random.below(value.length);
    return value.map((item: unknown, i) => (i === at ? changedValue(random, item) : item));
  }
  const fields = Object.entries(value);
  const kind = random.below(6);
  if (fields.length === 0 || kind === 0)
    return { ...value, [random.pick(['x', 'a b', '', 'toString', '0'])]: oddValue(random) };
  const [name] = random.pick(fields);
  if (kind === 1) return Object.fromEntries(fields.filter(([key]) => key !== name));
  return Object.fromEntries(
    fields.map(([key, field]) => (key === name ? [key, changedValue(random, field)] : [key, field])),
  );
}

/** A copy of well-formed bytes with some damage. */
export function changedBytes(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return Buffer.from(random.pick(['', '\0', '{', '[', '"']));
  const at = random.below(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random.below(16));
  return random.pick<() => Buffer>([
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]),
    () => Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]),
    () => {
      const copy = Buffer.from(bytes);
      copy[at] = random.below(256);
      return copy;
    },
    () => {
      const inserted = random.pick([
        '\0',
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        '\n',
        '\r\n',
        '\xff\xfe',
        '1e999',
      ]);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted, 'latin1'), bytes.subarray(at)]);
    },
  ])();
}

/** A text that is expensive to parse: deep, with many keys or long strings. It seldom exceeds a few thousand bytes. */
function demandingText(random: Random): string {
  const times = random.below(random.below(100) === 0 ? 300_000 : 3000);
  return random.pick([
    () => '['.repeat(times),
    () => '{"a":'.repeat(times),
    () => `${'['.repeat(times)}${']'.repeat(times)}`,
    () => `[${'[],'.repeat(times)}0]`,
    () => `{${Array.from({ length: Math.min(times, 5000) }, (_, i) => `"k${i}":0`).join(',')}}`,
    () => `"${'\\u0041'.repeat(times)}"`,
    () => `{"base":${'['.repeat(times)}`,
    () => `{"files":{"${'a'.repeat(times)}":0}}`,
    () => '1'.repeat(times),
    () => `\ufeff${' '.repeat(times)}{}`,
  ])();
}

/** The body of a request, either nearly correct or completely wrong. */
export function malformedBody(random: Random, sample: unknown): Buffer {
  const text = sample instanceof Buffer ? sample : Buffer.from(JSON.stringify(sample));
  switch (random.below(6)) {
    case 0:
      return Buffer.from(demandingText(random));
    case 1:
      return changedBytes(random, text);
    case 2:
      return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
    case 3:
      return text;
    default:
      return sample instanceof Buffer
        ? changedBytes(random, changedBytes(random, sample))
        : Buffer.from(JSON.stringify(changedValue(random, sample)) ?? '');
  }
}
