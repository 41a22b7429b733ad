import t from 'tap';
import { Type } from 'typebox';
import { readXml } from '../../../../origin/s3-door/protocol/read-xml.ts';
import { xmlDocument } from '../../../../origin/s3-door/protocol/write-xml.ts';
import { schema } from '../../../../shared/json/schema.ts';
import { threadCpuMs } from '../../../helpers/thread-cpu.ts';

/** An error with this code of S3. */
const fault = (s3: string) => ({ code: 'bad-request', s3 });

const wanted = schema(
  Type.Object({ Object: Type.Optional(Type.Array(Type.Object({ Key: Type.String() }), { maxItems: 3 })) }),
);
const read = (text: string) => readXml(Buffer.from(text), { name: 'Delete', items: 3 }, wanted);

t.test('documents', (t) => {
  const keys = ['a&b', '<x>', ' ', 'line\nfeed', '"\'', 'ü😀', '007'];
  for (const Key of keys) {
    t.strictSame(read(xmlDocument('Delete', { Object: [{ Key }] })).Object, [{ Key }], JSON.stringify(Key));
    t.strictSame(read(xmlDocument('Delete', { Object: [{ Key }, { Key: 'b' }] })).Object, [
      { Key },
      { Key: 'b' },
    ]);
  }
  t.strictSame(read('<Delete><Object><Key>&#x41;&#66;<![CDATA[<&]]></Key></Object></Delete>').Object, [
    { Key: 'AB<&' },
  ]);
  t.match(read('<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'), {});
  t.end();
});

t.test('what is refused', (t) => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]><Delete>&b;</Delete>`;
  for (const text of [
    ...[
      '',
      'junk',
      '<Delete>',
      '<Delete></Other>',
      '<Other/>',
      '<Delete><Object><Key>1</Key></Object>',
      bomb,
    ],
    ...[
      '<Delete><__proto__><Key>1</Key></__proto__></Delete>',
      '<Delete><Object><Key><a/></Key></Object></Delete>',
    ],
    `<Delete>${'<Object><Key>k</Key></Object>'.repeat(4)}</Delete>`,
    `<Delete>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</Delete>`,
    '<Delete>'.repeat(200_000),
    `<Delete><Object ${'a="b" '.repeat(1000)}/></Delete>`,
    `<Delete>${'&amp;'.repeat(200_000)}</Delete>`,
    `<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>`,
  ]) {
    const began = threadCpuMs();
    t.throws(() => read(text), fault('MalformedXML'), text.slice(0, 60));
    t.ok(threadCpuMs() - began < 1000, 'at once');
  }
  t.end();
});
