import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineUnderTest } from '../office/engine-under-test.ts';
import { programFolder } from '../../../test/programs.ts';
import { officeNative } from '../office/runner-engines.ts';
import { wordEngine } from './engine.ts';
import { markdownDocxEngine } from './markdown-docx.ts';

let writer: EngineUnderTest;
let reader: EngineUnderTest;
let office: EngineUnderTest;

beforeAll(async () => {
  const open = (name: string, exportName: string, engine: typeof wordEngine) =>
    EngineUnderTest.open({ engine, exportName, module: new URL(name, import.meta.url) });
  writer = await open('./markdown-docx.ts', 'markdownDocxEngine', markdownDocxEngine);
  reader = await open('./engine.ts', 'wordEngine', wordEngine);
  office = await EngineUnderTest.open(officeNative(programFolder));
});
afterAll(() => Promise.all([writer, reader, office].map((engine) => engine.close())));

const toDocx = (text: string) => writer.convert(Buffer.from(text), 'md', 'docx', {});

const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const text = `# Report

Plain, **bold**, *leaning*, ~~gone~~ and \`code\` with a [link](https://example.com/?a=1&b=2).

- one
- two
  - deeper

3. three
4. four

> quoted

| Region | Units |
| --- | --- |
| North | 12 |

\`\`\`
if (a < b) & "c"
\`\`\`
`;

test('what is written in Word reads back as the same Markdown', async () => {
  const { bytes } = await toDocx(text);
  const back = await reader.convert(bytes, 'docx', 'md', { images: 'drop' });
  const written = back.bytes.toString('utf8');
  expect(written).toContain('# Report\n\nPlain, **bold**, *leaning*,');
  expect(written).toContain('[link](https://example.com/?a=1&b=2)');
  expect(written).toMatch(/-\s+one\n-\s+two\n\s+-\s+deeper/u);
  expect(written).toMatch(/1\.\s+three\n2\.\s+four/u);
  expect(written).toContain('| North | 12 |');
  expect(written).toContain('if (a < b) & "c"');
});

test('LibreOffice makes a PDF of it, picture included', async () => {
  const { bytes, warnings } = await toDocx(`${text}\n![dot](${picture})\n`);
  expect(warnings).toEqual([]);
  const pdf = await office.toPdf(bytes, 'docx');
  expect([pdf.isComplete, pdf.pages]).toEqual([true, 1]);
  expect(pdf.glyphs).toBeGreaterThan(100);
});

test('links that run code stay text, pictures from elsewhere become their description', async () => {
  const hostile = '[x](javascript:alert(1)) ![far](http://127.0.0.1:9/p.png) <script>y</script>';
  const { bytes, warnings } = await toDocx(hostile);
  expect(warnings).toMatchObject([{ code: 'images_dropped' }]);
  const back = await reader.convert(bytes, 'docx', 'html', { images: 'inline', fragment: true });
  const html = back.bytes.toString('utf8');
  expect(html).not.toMatch(/<a |<img|<script/u);
  expect(html).toContain('far');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['bytes that are no UTF-8', Buffer.from([0x23, 0x20, 0xff, 0xfe, 0xc3, 0x28])],
])('%s is document_invalid', async (_, bytes) => {
  const converted = writer.convert(bytes, 'md', 'docx', {});
  await expect(converted).rejects.toMatchObject({ code: 'document_invalid' });
});
