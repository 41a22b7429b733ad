import t from 'tap';
import { JSON_BOUNDS, parseJson } from '../../../../shared/json/bounded-json.ts';
import { JsonStructure } from '../../../../shared/json/json-structure.ts';
import { threadCpuMs } from '../../../helpers/thread-cpu.ts';

const SMALL = { length: 200, depth: 3, values: 8, token: 16 };
const parse = (text: string) => parseJson(text, 'bad-request', SMALL);

t.test('what is within its bounds is what JSON.parse makes of it', async (t) => {
  const texts = [
    ...[
      'null',
      '0',
      '""',
      '[]',
      '{}',
      '[[[]]]',
      '[{"a":[1]}]',
      ' {"a" : [ 1 , "2" ] } ',
      '"0123456789abcdef"',
    ],
    ...[
      '"[[[[[["',
      '{"[[[[":"{{{{"}',
      '["\\"[[[["]',
      '["\\\\",[[]]]',
      '"\\u0041\\"\\\\"',
      '[",,,,,",",,,,"]',
    ],
    ...['1234567890123456', '[1,2,3,4,5,6,7]', '{"constructor":1}', '["__proto__"]', '{"a":"__proto__"}'],
  ];
  for (const text of texts) t.strictSame(parse(text), JSON.parse(text), text);
});

t.test('what is beyond them is refused', async (t) => {
  const table: [text: string, message: RegExp][] = [
    [`"${'a'.repeat(199)}"`, /longer than 200/],
    ['[[[[]]]]', /deeper than 3/],
    ['{"a":{"a":{"a":{}}}}', /deeper than 3/],
    ['["\\\\",[[[]]]]', /deeper than 3/],
    ['[1,2,3,4,5,6,7,8,9]', /more than 8 values/],
    ['{"a":1,"b":[[],[],[],[]]}', /more than 8 values/],
    ['"0123456789abcdefg"', /more than 16 characters/],
    ['{"0123456789abcdefg":1}', /more than 16 characters/],
    ['["\\"\\"\\"\\"\\"\\"\\"\\"\\""]', /more than 16 characters/],
    ['12345678901234567', /more than 16 characters/],
    ['{"__proto__":{"a":1}}', /not valid/],
    ['[{"\\u005f_proto__":1}]', /not valid/],
    ['{"constructor":{"prototype":{}}}', /./],
    ['{', /not valid/],
    ['', /not valid/],
    ['[1,]', /not valid/],
  ];
  for (const [text, message] of table)
    t.throws(() => parse(text), { code: 'bad-request', message }, text.slice(0, 40));
});

t.test('depth is refused before a parser has a stack of it', async (t) => {
  const began = threadCpuMs();
  const deep = '['.repeat(JSON_BOUNDS.length);
  t.throws(() => parseJson(deep, 'upstream-protocol'), { code: 'upstream-protocol', message: /deeper/ });
  t.throws(() => parseJson(`{"a":${deep.slice(10)}`, 'upstream-protocol'), { message: /deeper/ });
  t.ok(threadCpuMs() - began < 1000);
});

t.test('pieces are judged as the whole is, wherever they are cut', async (t) => {
  const texts = [
    ...[
      '["\\"[[[[","a"]',
      '["\\\\",[[]]]',
      '["\\\\",[[[]]]]',
      '[1234567890123456,"0123456789abcdef"]',
      '[12345678901234567]',
    ],
    ...[
      '["0123456789abcdefg"]',
      '[1,2,3,4,5,6,7,8,9]',
      '["",1234567890123456]',
      '["0123456789abcdef",1]',
      '[[[[',
      '"\\',
    ],
  ];
  for (const text of texts) {
    const whole = new JsonStructure(SMALL).fault(text);
    for (let size = 1; size <= 4; size++) {
      const structure = new JsonStructure(SMALL);
      let fault: string | undefined;
      for (let at = 0; at < text.length; at += size) fault ??= structure.fault(text.slice(at, at + size));
      t.equal(fault, whole, `${text} in pieces of ${size}`);
    }
  }
});
