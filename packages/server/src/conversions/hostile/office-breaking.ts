import { billionLaughs, crowd, damage, externalEntities, noise, zipOf } from './hostile-input.ts';
import type { HostileInput } from './hostile-input.ts';
import { openDocumentOf, sheetOf, wordOf } from './office-packages.ts';

const cell = '<row r="1"><c r="A1"><v>1</v></c></row>';
const text = '<w:p><w:r><w:t>text</w:t></w:r></w:p>';
const megabytes = (count: number) => Buffer.alloc(count * 1024 * 1024, ' ').toString('latin1');

/** Containers and markup that break readers: none may be converted. */
export const officeBreaking: readonly HostileInput[] = [
  {
    name: 'XLSX with a sheet that inflates a thousand times',
    filename: 'a.xlsx',
    bytes: () => sheetOf(cell, { parts: { 'xl/worksheets/sheet1.xml': megabytes(160) } }),
  },
  {
    name: 'XLSX with one text of 200 MB',
    filename: 'a.xlsx',
    bytes: () =>
      sheetOf(`<row r="1"><c r="A1" t="inlineStr"><is><t>${megabytes(200)}</t></is></c></row>`),
  },
  {
    name: 'DOCX that inflates a thousand times',
    filename: 'a.docx',
    bytes: () => wordOf(`<w:p><w:r><w:t>${megabytes(160)}</w:t></w:r></w:p>`),
  },
  {
    name: 'ODT that inflates a thousand times',
    filename: 'a.odt',
    bytes: () => openDocumentOf('text', `<text:p>${megabytes(160)}</text:p>`),
  },
  {
    name: 'XLSX with a billion laughs',
    filename: 'a.xlsx',
    bytes: () =>
      sheetOf('<row r="1"><c r="A1" t="str"><v>&l8;</v></c></row>', {
        head: billionLaughs('worksheet'),
      }),
  },
  {
    name: 'DOCX with a billion laughs',
    filename: 'a.docx',
    bytes: () =>
      wordOf('<w:p><w:r><w:t>&l8;</w:t></w:r></w:p>', { head: billionLaughs('w:document') }),
  },
  {
    name: 'ODS with a billion laughs',
    filename: 'a.ods',
    bytes: () =>
      openDocumentOf('spreadsheet', '<table:table><text:p>&l8;</text:p></table:table>', {
        head: billionLaughs('office:document-content'),
      }),
  },
  {
    name: 'XLSX with external entities',
    filename: 'a.xlsx',
    bytes: (bait) =>
      sheetOf('<row r="1"><c r="A1" t="str"><v>&bait;&far;</v></c></row>', {
        head: externalEntities('worksheet', bait),
      }),
  },
  {
    name: 'DOCX with external entities',
    filename: 'a.docx',
    bytes: (bait) =>
      wordOf('<w:p><w:r><w:t>&bait;&far;</w:t></w:r></w:p>', {
        head: externalEntities('w:document', bait),
      }),
  },
  {
    name: 'ODT with external entities',
    filename: 'a.odt',
    bytes: (bait) =>
      openDocumentOf('text', '<text:p>&bait;&far;</text:p>', {
        head: externalEntities('office:document-content', bait),
      }),
  },
  {
    name: 'DOCX that a fuzzer went over',
    filename: 'a.docx',
    bytes: async () => damage(await wordOf(text.repeat(200)), 60, 41),
  },
  {
    name: 'XLSX cut off in the middle',
    filename: 'a.xlsx',
    bytes: async () => (await sheetOf(cell.repeat(1))).subarray(0, 700),
  },
  {
    name: 'ODT cut off in the middle',
    filename: 'a.odt',
    bytes: async () => (await openDocumentOf('text', '<text:p>a</text:p>')).subarray(0, 300),
  },
  {
    name: 'DOCX whose text is markup that never closes',
    filename: 'a.docx',
    bytes: () => wordOf('<w:p><w:r>'.repeat(1000)),
  },
  {
    name: 'XLSX with 120,000 parts',
    filename: 'a.xlsx',
    bytes: async () => crowd(await sheetOf(cell), 120_000),
  },
  {
    name: 'RTF signature before noise',
    filename: 'a.rtf',
    bytes: () => Buffer.concat([Buffer.from('{\\rtf1'), noise(20_000)]),
  },
  { name: 'noise named DOC', filename: 'a.doc', bytes: () => noise(50_000) },
  {
    name: 'compound file whose allocation table is a loop',
    filename: 'a.xls',
    bytes: () => loopingCompoundFile('Workbook'),
  },
  {
    name: 'compound file of noise that says it is a presentation',
    filename: 'a.ppt',
    bytes: () => loopingCompoundFile('PowerPoint Document'),
  },
  {
    name: 'encrypted workbook',
    filename: 'a.xlsx',
    bytes: () => loopingCompoundFile('EncryptedPackage'),
  },
  {
    name: 'ZIP with an encrypted entry that says it is a workbook',
    filename: 'a.xlsx',
    bytes: async () => encryptEntries(await sheetOf(cell)),
  },
  {
    name: 'XLSB with records of noise',
    filename: 'a.xlsb',
    bytes: () =>
      zipOf({
        '[Content_Types].xml':
          '<Types><Override PartName="/xl/workbook.bin" ContentType="application/vnd.ms-excel.' +
          'sheet.binary.macroEnabled.main"/></Types>',
        'xl/workbook.bin': noise(5000),
      }),
  },
];

/** A compound file of 512-byte sectors whose directory holds one stream, and whose table loops. */
function loopingCompoundFile(stream: string): Buffer {
  const file = noise(512 * 40);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.fill(0, 8, 512);
  file.writeUInt16LE(0x3e, 24);
  file.writeUInt16LE(3, 26);
  file.writeUInt16LE(0xfffe, 28);
  file.writeUInt16LE(9, 30);
  file.writeUInt16LE(6, 32);
  file.writeUInt32LE(1, 44);
  file.writeUInt32LE(1, 48);
  file.fill(0xff, 80, 512);
  // Sector 0 is the table: every sector follows itself, the directory (1) ends.
  for (let sector = 0; sector < 128; sector++) file.writeUInt32LE(sector, 512 + sector * 4);
  file.writeUInt32LE(0xfffffffe, 512 + 4);
  file.fill(0, 1024, 1536);
  for (const [index, name] of ['Root Entry', stream].entries()) {
    const at = 1024 + index * 128;
    file.writeUInt16LE(file.write(name, at, 'utf16le') + 2, at + 64);
    file[at + 66] = index === 0 ? 5 : 2;
    file.fill(0xff, at + 68, at + 80);
    file.writeUInt32LE(2, at + 116);
    file.writeUInt32LE(100_000, at + 120);
  }
  file.writeUInt32LE(1, 1024 + 76);
  return file;
}

/** Sets the encryption bit of every entry, in both places where a ZIP has it. */
function encryptEntries(zip: Buffer): Buffer {
  for (const [signature, offset] of [
    ['PK\u0003\u0004', 6],
    ['PK\u0001\u0002', 8],
  ] as const) {
    let at = zip.indexOf(signature, 0, 'latin1');
    for (; at !== -1; at = zip.indexOf(signature, at + 4, 'latin1')) {
      zip[at + offset] = (zip[at + offset] ?? 0) | 1;
    }
  }
  return zip;
}
