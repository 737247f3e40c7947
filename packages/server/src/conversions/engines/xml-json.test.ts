import { describe, expect, test } from 'vitest';
import { runOnFile, type Outcome } from './text/run-both.ts';
import { xmlJsonEngine } from './xml-json.ts';

const read = (xml: string | Buffer, options: object = {}): Promise<Outcome> =>
  runOnFile(xmlJsonEngine, Buffer.from(xml), options, { type: 'XML_TO_JSON' });
const write = (value: unknown, options: object = {}): Promise<Outcome> => {
  const json = typeof value === 'string' ? value : JSON.stringify(value);
  return runOnFile(xmlJsonEngine, Buffer.from(json), options, { type: 'JSON_TO_XML' });
};
const head = '<?xml version="1.0" encoding="UTF-8"?>\n';

describe('XML to JSON', () => {
  const cases: [xml: string, json: string][] = [
    ['<a/>', '{"a":""}'],
    ['<a x="1">t</a>', '{"a":{"@x":"1","#text":"t"}}'],
    ['<a><b>1</b><c>2</c><b>3</b></a>', '{"a":{"b":["1","3"],"c":"2"}}'],
    ['<a>\n  <b> x </b>\n</a>', '{"a":{"b":" x "}}'],
    ['<n:a xmlns:n="urn:n"><n:b/></n:a>', '{"n:a":{"@xmlns:n":"urn:n","n:b":""}}'],
    ['<a><![CDATA[<&]]>&lt;&#228;</a>', '{"a":"<&<ä"}'],
    ['<a __proto__="1"><__proto__>2</__proto__></a>', '{"a":{"@__proto__":"1","__proto__":"2"}}'],
  ];
  for (const [xml, json] of cases) {
    test(`reads ${xml.replaceAll('\n', ' ')}`, async () => {
      expect(await read(xml)).toMatchObject({ text: `${json}\n`, warnings: [] });
    });
  }

  test('types only what can be written back, where it is asked to', async () => {
    const xml = '<a><b>1</b><b>01</b><b>1.50</b><b>true</b><b/></a>';
    const typed = await read(xml, { types: 'infer' });
    expect(typed).toMatchObject({ text: '{"a":{"b":[1,"01","1.50",true,null]}}\n' });
  });

  test('keeps the names that it is given, and tells what it leaves out', async () => {
    const options = { attribute_prefix: '', text_key: '_', arrays: 'always' };
    const outcome = await read('<a x="1"><!--c--><x>2</x>t</a>', options);
    expect(outcome).toMatchObject({
      text: '{"a":{"x":["1","2"],"_":"t"}}\n',
      warnings: ['comments_left_out', 'mixed_content'],
    });
  });

  test('refuses entities of every kind, and fetches nothing', async () => {
    const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>';
    const external = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>';
    const remote = '<!DOCTYPE l SYSTEM "http://127.0.0.1:9/l.dtd"><l/>';
    for (const xml of [laughs, external, remote]) {
      const outcome = await read(xml);
      expect(outcome).toMatchObject({ code: 'document_invalid' });
      expect(outcome).toHaveProperty('message', expect.stringContaining('DOCTYPE'));
    }
    expect(await read('<l>&a;</l>')).toMatchObject({ code: 'document_invalid' });
  });

  test('refuses what is damaged, empty, too deep or too large', async () => {
    const latin = Buffer.from('<a>\u00e9</a>', 'latin1');
    for (const xml of ['', ' ', '<a>', '<a></b>', '<a/><b/>', 'x', '<a b=1/>', latin]) {
      expect(await read(xml)).toMatchObject({ code: 'document_invalid' });
    }
    const large = Buffer.alloc(33 * 1024 * 1024, ' ');
    for (const xml of ['<a>'.repeat(101), large]) {
      expect(await read(xml)).toMatchObject({ code: 'document_too_complex' });
    }
  });
});

describe('JSON to XML', () => {
  const cases: [value: unknown, xml: string][] = [
    [{ a: { '@x': '1"\n', '#text': '<&>' } }, '<a x="1&quot;&#10;">&lt;&amp;&gt;</a>'],
    ['{"a":[1.50,null,""]}', '<root><a>1.50</a><a/><a/></root>'],
    [[1, { b: 2 }], '<root><item>1</item><item><b>2</b></item></root>'],
    [{ a: [[1], [2, 3]] }, '<root><a><item>1</item></a><a><item>2</item><item>3</item></a></root>'],
    [{ '1 a': 1, 'b:c:d': 2 }, '<root><_1_a>1</_1_a><_b_c_d>2</_b_c_d></root>'],
    ['{"a":1}\n{"a":2}', '<root><item><a>1</a></item><item><a>2</a></item></root>'],
  ];
  for (const [value, xml] of cases) {
    test(`writes ${JSON.stringify(value)}`, async () => {
      expect(await write(value)).toMatchObject({ text: `${head}${xml}\n` });
    });
  }

  test('what it writes reads back the same', async () => {
    const value = { order: { '@id': '7', line: [{ sku: '007', qty: '2' }, 'é\r\n'], note: '' } };
    const xml = await write(value, { indent: 2 });
    const back = await read('bytes' in xml ? xml.bytes : '');
    expect(back).toMatchObject({ text: `${JSON.stringify(value)}\n` });
  });
});
