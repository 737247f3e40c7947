import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import type { Format } from '../engine.ts';
import { EngineUnderTest } from './engine-under-test.ts';
import { makeDocx, paragraph } from './make-docx.ts';
import { programFolder } from '../../../test/programs.ts';
import { officeNative, officeWasm } from './runner-engines.ts';

/** Counts whoever comes; documents are full of links to it and to a file with a secret. */
let canary: Server;
let visitors = 0;
let address = '';
let folder: string;
/** So long that a document with it in would have many pages. */
const secret = `secret-${randomBytes(8).toString('hex')} `.repeat(4000);

beforeAll(async () => {
  canary = createServer((_, response) => {
    visitors += 1;
    response.end('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'mutate-canary-'));
  await writeFile(join(folder, 'secret.txt'), secret, { mode: 0o644 });
});
afterAll(async () => {
  canary.close();
  await rm(folder, { recursive: true, force: true });
});

async function zip(parts: Record<string, string | Buffer>): Promise<Buffer> {
  const file = new ZipFile();
  for (const [name, content] of Object.entries(parts)) file.addBuffer(Buffer.from(content), name);
  file.end();
  return buffer(file.outputStream);
}

const image = (id: string) => `<w:p><w:r><w:drawing><wp:inline
xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><wp:extent cx="900000"
cy="900000"/><wp:docPr id="1" name="p"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">
<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic
xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="1" name="p"/>
<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="${id}"/></pic:blipFill><pic:spPr/></pic:pic>
</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`;

const field = (code: string) =>
  `<w:p><w:fldSimple w:instr="${code}"><w:r><w:t>field</w:t></w:r></w:fldSimple></w:p>`;

/** Links to pictures, a template, included text: to the canary and to the file. */
function linkingDocx(): Promise<Buffer> {
  const relationship = (id: string, kind: string, target: string) =>
    `<Relationship Id="${id}" TargetMode="External" Target="${target}"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}"/>`;
  const file = `file://${folder}/secret.txt`;
  const relationships = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
${relationship('rId7', 'image', `${address}/image.png`)}${relationship('rId8', 'image', file)}
${relationship('rId9', 'attachedTemplate', `${address}/t.dotx`)}</Relationships>`;
  const body =
    image('rId7') +
    image('rId8') +
    field(`INCLUDEPICTURE &quot;${address}/field.png&quot; \\d`) +
    field(`INCLUDETEXT &quot;${folder}/secret.txt&quot;`) +
    paragraph('linked');
  return makeDocx(body, { 'word/_rels/document.xml.rels': relationships });
}

function linkingRtf(): Buffer {
  const include = (what: string) => `{\\field{\\*\\fldinst ${what}}{\\fldrslt field}}`;
  return Buffer.from(
    `{\\rtf1\\ansi ${include(`INCLUDEPICTURE "${address}/rtf.png" \\\\d`)}` +
      include(`INCLUDETEXT "${folder}/secret.txt"`) +
      `{\\*\\template ${address}/t.dot}text\\par}`,
  );
}

const office = (body: string, kind: string) => `<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0">
<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script"
script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>
</office:event-listeners></office:scripts><office:body><office:${kind}>${body}</office:${kind}></office:body>
</office:document-content>`;

function openDocument(kind: 'text' | 'spreadsheet', body: string, parts = {}): Promise<Buffer> {
  const type = `application/vnd.oasis.opendocument.${kind}`;
  const entry = (path: string, media: string) =>
    `<manifest:file-entry manifest:full-path="${path}" manifest:media-type="${media}"/>`;
  return zip({
    mimetype: type,
    'content.xml': office(body, kind),
    'META-INF/manifest.xml': `<manifest:manifest manifest:version="1.3"
xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">${entry('/', type)}
${entry('content.xml', 'text/xml')}${Object.keys(parts)
      .map((name) => entry(name, 'text/xml'))
      .join('')}
</manifest:manifest>`,
    ...parts,
  });
}

/** A linked section and picture, and a macro that runs when the document is opened. */
function linkingOdt(): Promise<Buffer> {
  const macro = `Sub Main\nOpen "${folder}/macro" For Output As #1\nShell "touch ${folder}/shell"\nEnd Sub`;
  const library = (tag: string, name: string, rest: string) =>
    `<?xml version="1.0"?><library:${tag} xmlns:library="http://openoffice.org/2000/library" library:name="${name}" ${rest}`;
  return openDocument(
    'text',
    `<text:section text:name="s"><text:section-source xlink:href="file://${folder}/secret.txt"/>
<text:p>section</text:p></text:section><text:p><draw:frame svg:width="3cm" svg:height="3cm"><draw:image
xlink:href="${address}/odt.png"/></draw:frame></text:p>`,
    {
      'Basic/Standard/Module1.xml': `<?xml version="1.0"?><script:module
xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">${macro}</script:module>`,
      'Basic/Standard/script-lb.xml': `${library('library', 'Standard', '')}library:readonly="false">
<library:element library:name="Module1"/></library:library>`,
      'Basic/script-lc.xml': `<?xml version="1.0"?><library:libraries
xmlns:library="http://openoffice.org/2000/library"><library:library library:name="Standard" library:link="false"/>
</library:libraries>`,
    },
  );
}

/** Formulas that fetch, and a sheet that is linked to another file. */
function linkingOds(): Promise<Buffer> {
  const cell = (formula: string) =>
    `<table:table-cell table:formula="of:=${formula}" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"><text:p>0</text:p></table:table-cell>`;
  return openDocument(
    'spreadsheet',
    `<table:table table:name="a"><table:table-source xlink:href="${address}/sheet.ods"/><table:table-row>
${cell(`WEBSERVICE(&quot;${address}/cell&quot;)`)}${cell(`'file://${folder}/secret.txt'#$Sheet1.A1`)}
</table:table-row></table:table>`,
  );
}

const documents: readonly (readonly [string, Format, () => Promise<Buffer> | Buffer])[] = [
  ['a DOCX with linked pictures, fields and template', 'docx', linkingDocx],
  ['an RTF with fields that include', 'rtf', linkingRtf],
  ['an ODT with a linked section, a linked picture and a macro', 'odt', linkingOdt],
  ['an ODS with formulas and a sheet that fetch', 'ods', linkingOds],
];

const bomb = Buffer.concat([
  Buffer.from('<a>'),
  Buffer.alloc(64 * 1024 * 1024, 0x20),
  Buffer.from('</a>'),
]);

const refused: readonly (readonly [string, Format, () => Promise<Buffer> | Buffer, string])[] = [
  ['nothing', 'odt', () => Buffer.alloc(0), 'document_invalid'],
  ['random bytes as ODS', 'ods', () => randomBytes(20_000), 'document_invalid'],
  ['random bytes as RTF', 'rtf', () => randomBytes(20_000), 'document_invalid'],
  ['random bytes as DOC', 'doc', () => randomBytes(20_000), 'document_invalid'],
  ['a RTF cut off', 'rtf', () => Buffer.from('{\\rtf1 text {\\b bold'), 'document_invalid'],
  ['an RTF of ten thousand groups in one another', 'rtf', deepRtf, 'document_too_complex'],
  ['a plain ZIP as PPTX', 'pptx', () => zip({ 'notes.txt': 'text' }), 'document_invalid'],
  [
    'external entities',
    'xlsx',
    () =>
      zip({
        '[Content_Types].xml': '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
      }),
    'document_invalid',
  ],
  [
    'a part that inflates without end',
    'docx',
    () => makeDocx('', { 'word/media/big.xml': bomb.toString('latin1') }),
    'document_too_complex',
  ],
  [
    'an archive in the archive',
    'odt',
    async () => openDocument('text', '<text:p/>', { 'Pictures/a.zip': await zip({ a: 'b' }) }),
    'document_invalid',
  ],
  [
    'an archive that is called a picture',
    'docx',
    async () => {
      const inner = await zip({ a: 'b' });
      return zip({ ...(await partsOf()), 'word/media/image1.png': inner });
    },
    'document_invalid',
  ],
  [
    'an encrypted package',
    'docx',
    () => {
      const bytes = Buffer.alloc(4096);
      bytes.write('d0cf11e0a1b11ae1', 0, 'hex');
      bytes.write('EncryptedPackage', 1024, 'utf16le');
      return bytes;
    },
    'document_encrypted',
  ],
];

function deepRtf(): Buffer {
  return Buffer.from(`{\\rtf1 ${'{'.repeat(10_000)}x${'}'.repeat(10_001)}`);
}

async function partsOf(): Promise<Record<string, string>> {
  return {
    '[Content_Types].xml':
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    'word/document.xml': '<a/>',
  };
}

describe.each([
  ['native', officeNative(programFolder)],
  ['WebAssembly', officeWasm],
])('hostile documents, LibreOffice %s', (_, spec) => {
  let engine: EngineUnderTest;
  beforeAll(async () => {
    engine = await EngineUnderTest.open(spec);
  });
  afterAll(() => engine.close());

  test.each(documents)('%s reaches neither the network nor a file', async (_name, from, make) => {
    const before = visitors;
    const pdf = await engine.toPdf(await make(), from);
    expect([pdf.isComplete, pdf.pages]).toEqual([true, 1]);
    expect(visitors).toBe(before);
    expect(readdirSync(folder)).toEqual(['secret.txt']);
    await expect.poll(() => engine.leftovers()).toEqual([]);
  });

  test.each(refused)('%s (%s) is refused', async (_name, from, make, code) => {
    const { started } = engine.runner.stats();
    await expect(engine.toPdf(await make(), from)).rejects.toMatchObject({ code });
    expect(engine.runner.stats().started).toBe(started);
    await expect.poll(() => engine.leftovers()).toEqual([]);
    expect(await readFile(join(folder, 'secret.txt'), 'utf8')).toBe(secret);
  });
});
