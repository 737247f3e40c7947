import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineUnderTest } from '../office/engine-under-test.ts';
import { makeDocx, paragraph, table } from '../office/make-docx.ts';
import { wordEngine } from './engine.ts';

let engine: EngineUnderTest;
let canary: Server;
let visitors = 0;

beforeAll(async () => {
  canary = createServer((_, response) => {
    visitors += 1;
    response.end();
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  engine = await EngineUnderTest.open({
    engine: wordEngine,
    module: new URL('./engine.ts', import.meta.url),
    exportName: 'wordEngine',
  });
});
afterAll(async () => {
  canary.close();
  await engine.close();
});

const heading =
  '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Report</w:t></w:r></w:p>';
const styles = `<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`;
const bold = '<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>bold</w:t></w:r></w:p>';
const link = (id: string) =>
  `<w:p><w:hyperlink r:id="${id}"><w:r><w:t>${id}</w:t></w:r></w:hyperlink></w:p>`;

function relations(targets: Record<string, string>, kind = 'hyperlink'): string {
  const one = ([id, target]: [string, string]) =>
    `<Relationship Id="${id}" Target="${target}" TargetMode="External"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}"/>`;
  const style = `<Relationship Id="s" Target="styles.xml"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/>`;
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
${style}${Object.entries(targets).map(one).join('')}</Relationships>`;
}

async function convert(body: string, to: 'html' | 'md' | 'txt', targets = {}, options = {}) {
  const parts = { 'word/styles.xml': styles, 'word/_rels/document.xml.rels': relations(targets) };
  const docx = await makeDocx(body, parts);
  const defaults = { html: { images: 'inline', fragment: true }, md: { images: 'drop' }, txt: {} };
  const { bytes } = await engine.convert(docx, 'docx', to, { ...defaults[to], ...options });
  return bytes.toString('utf8');
}

const body =
  heading +
  bold +
  table([
    ['Region', 'Units'],
    ['North | East', '12'],
  ]);

test('headings, emphasis and tables become HTML, Markdown and text', async () => {
  const html = await convert(body, 'html');
  expect(html).toMatch(/<h1>.*Report<\/h1><p><strong>bold<\/strong><\/p><table>/u);
  expect(await convert(body, 'md')).toBe(
    '# Report\n\n**bold**\n\n| Region | Units |\n| --- | --- |\n| North \\| East | 12 |\n',
  );
  expect(await convert(body, 'txt')).toBe('Report\n\nbold\n\nRegion\tUnits\nNorth | East\t12\n');
  const page = await convert(body, 'html', {}, { fragment: false });
  expect(page).toMatch(/^<!DOCTYPE html>/u);
  expect(page).toContain('<title>Report</title>');
});

test('plain text has the notes at its end, by their numbers, and the characters as they are', async () => {
  const note = (id: number, text: string) =>
    `<w:footnote w:id="${id}"><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:footnote>`;
  const mark = (id: number) => `<w:r><w:footnoteReference w:id="${id}"/></w:r>`;
  const footnotes = `<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
${note(1, 'See &lt;b&gt; &amp;amp; co')}${note(2, 'Second')}</w:footnotes>`;
  const parts = {
    'word/styles.xml': styles,
    'word/footnotes.xml': footnotes,
    'word/_rels/document.xml.rels': relations({}).replace(
      '</Relationships>',
      `<Relationship Id="f" Target="footnotes.xml"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/></Relationships>`,
    ),
  };
  const text = `<w:p><w:r><w:t>One</w:t></w:r>${mark(1)}<w:r><w:br/><w:t>two</w:t></w:r>${mark(2)}</w:p>`;
  const { bytes } = await engine.convert(await makeDocx(text, parts), 'docx', 'txt', {});
  expect(bytes.toString()).toBe('One[1]\ntwo[2]\n\n[1] See <b> &amp; co\n\n[2] Second\n');
});

test('links that run code or name a file lose their address, others keep it', async () => {
  const targets = {
    good: 'https://example.com/?a=1&amp;b=2',
    script: 'javascript:alert(1)',
    hidden: 'java&#10;script:alert(1)',
    file: 'file:///etc/passwd',
  };
  const html = await convert(Object.keys(targets).map(link).join(''), 'html', targets);
  expect(html).toContain('<a href="https://example.com/?a=1&amp;b=2">good</a>');
  expect(html.match(/href/gu)).toHaveLength(1);
  const md = await convert(Object.keys(targets).map(link).join(''), 'md', targets);
  expect(md).toContain('[good](https://example.com/?a=1&b=2)');
  expect(md).not.toMatch(/script:|file:/u);
});

test('markup in the text stays text', async () => {
  const text = paragraph('&lt;script&gt;alert(1)&lt;/script&gt; *stars*');
  expect(await convert(text, 'html')).toContain('&lt;script&gt;');
  expect(await convert(text, 'md')).toContain('\\*stars\\*');
});

test('what is linked is never fetched', async () => {
  const { port } = canary.address() as AddressInfo;
  const picture = `<w:p><w:r><w:drawing><wp:inline
xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><wp:docPr id="1" name="p"/>
<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic
xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:link="p"/>
</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`;
  for (const target of [`http://127.0.0.1:${port}/p.png`, 'file:///etc/passwd']) {
    const parts = { 'word/_rels/document.xml.rels': relations({ p: target }, 'image') };
    const docx = await makeDocx(picture + paragraph('text'), parts);
    const options = { images: 'inline', fragment: true };
    const outcome = await engine.convert(docx, 'docx', 'html', options).then(
      ({ bytes }) => bytes.toString('latin1'),
      (error: { code: string }) => error.code,
    );
    expect(outcome).not.toContain('data:');
  }
  expect(visitors).toBe(0);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('just text')],
  ['a package without a document', await makeDocx('', { 'word/document.xml': '<a/>' })],
])('%s instead of a document is document_invalid', async (_, bytes) => {
  await expect(engine.convert(bytes, 'docx', 'txt', {})).rejects.toMatchObject({
    code: 'document_invalid',
  });
  await expect.poll(() => engine.leftovers()).toEqual([]);
});
