import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
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

const options = { breaks: false, linkify: true, typographer: false };
const toDocx = (text: string) => writer.convert(Buffer.from(text), 'md', 'docx', options);

async function unzipped(bytes: Buffer): Promise<Record<string, string>> {
  const zip = await fromBufferPromise(bytes);
  const parts: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) {
    parts[entry.fileName] = await readText(await zip.openReadStreamPromise(entry));
  }
  return parts;
}

const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const text = `# Report

Plain, **bold**, *leaning*, ~~gone~~ and \`code\` with a [link](https://example.com/?a=1&b=2).[^1]

- one
- two
  - deeper
- [ ] open
- [x] done

1. first
2. second

   below it

   \`\`\`
   in it
   \`\`\`
3. third

> quoted
> 
> - in it

Term
: Its meaning

| Region | Units |
| --- | --- |
| North | 12 |
| a<br>b | ~~c~~ |

\`\`\`
if (a < b) & "c"
\`\`\`

[^1]: The note.

    Its second paragraph.
`;

test('what is written in Word reads back as the same Markdown', async () => {
  const { bytes, warnings } = await toDocx(text);
  expect(warnings).toEqual([]);
  const back = await reader.convert(bytes, 'docx', 'md', { images: 'drop' });
  expect(back.bytes.toString('utf8')).toBe(text);
  expect(back.warnings).toEqual([]);
});

test('as plain text it has its marks, boxes, rows and notes', async () => {
  const { bytes } = await toDocx(text);
  const txt = (await reader.convert(bytes, 'docx', 'txt', {})).bytes.toString('utf8');
  expect(txt).toContain('- one\n- two\n  - deeper\n');
  expect(txt).toContain('- ☐ open\n- ☑ done\n');
  expect(txt).toContain('Region\tUnits\nNorth\t12\n');
  expect(txt).toMatch(/\[1\] The note\.\n\nIts second paragraph\.\n$/u);
});

test('notes are Word\u2019s footnotes, boxes can be ticked, links lead to headings', async () => {
  const linked = `---\ntitle: Of <boxes>\nauthor: Ada\n---\n# A part\n\n[up](#a-part) a[^n] b[^n]\n
- [x] done\n\n[^n]: See [it](https://a.example) and [^n].\n`;
  const { bytes } = await toDocx(linked);
  const parts = await unzipped(bytes);
  const part = (name: string) => parts[name] ?? '';
  const document = part('word/document.xml');
  expect(document.match(/<w:footnoteReference w:id="1"\/>/gu)).toHaveLength(1);
  expect(document).toContain('<w14:checked w14:val="1"/>');
  expect(document).toContain('<w:hyperlink w:anchor="a-part">');
  expect(document).toContain('<w:bookmarkStart w:id="1" w:name="a-part"/>');
  expect(part('word/footnotes.xml')).toContain('<w:footnote w:id="1">');
  expect(part('word/_rels/footnotes.xml.rels')).toContain('https://a.example');
  expect(part('docProps/core.xml')).toContain(
    '<dc:title>Of &lt;boxes&gt;</dc:title><dc:creator>Ada</dc:creator>',
  );
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
  const converted = writer.convert(bytes, 'md', 'docx', options);
  await expect(converted).rejects.toMatchObject({ code: 'document_invalid' });
});
