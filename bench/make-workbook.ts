import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { ZipFile } from 'yazl';

/**
 * Writes a workbook with ROWS rows of ten columns: numbers, dates, money, shares and texts.
 *
 * npx node bench/make-workbook.ts OUT.xlsx [ROWS]
 */
const [path, rowsText = '1000000'] = process.argv.slice(2);
const rows = Number(rowsText);
if (path === undefined || !Number.isInteger(rows) || rows < 1 || rows > 1_048_576) {
  throw new Error('usage: npx node bench/make-workbook.ts OUT.xlsx [ROWS, at most 1048576]');
}
const texts = Math.min(200_000, rows);
const rowsPerPiece = 500;

const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const packageRelationships = 'http://schemas.openxmlformats.org/package/2006/relationships';
const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

const parts: Record<string, string> = {
  '[Content_Types].xml':
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    contentType('/xl/workbook.xml', 'sheet.main') +
    contentType('/xl/worksheets/sheet1.xml', 'worksheet') +
    contentType('/xl/styles.xml', 'styles') +
    contentType('/xl/sharedStrings.xml', 'sharedStrings') +
    '</Types>',
  '_rels/.rels': relationshipsPart([['officeDocument', 'xl/workbook.xml']]),
  'xl/workbook.xml':
    `<workbook xmlns="${main}" xmlns:r="${relationships}">` +
    '<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
  'xl/_rels/workbook.xml.rels': relationshipsPart([
    ['worksheet', 'worksheets/sheet1.xml'],
    ['styles', 'styles.xml'],
    ['sharedStrings', 'sharedStrings.xml'],
  ]),
  'xl/styles.xml':
    `<styleSheet xmlns="${main}"><numFmts count="1">` +
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><cellXfs count="5">' +
    [0, 14, 164, 4, 10].map((id) => `<xf numFmtId="${id}"/>`).join('') +
    '</cellXfs></styleSheet>',
};

function contentType(part: string, kind: string): string {
  const type = `application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml`;
  return `<Override PartName="${part}" ContentType="${type}"/>`;
}

function relationshipsPart(entries: readonly (readonly [string, string])[]): string {
  const list = entries.map(
    ([kind, target], index) =>
      `<Relationship Id="rId${index + 1}" Type="${relationships}/${kind}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${packageRelationships}">${list.join('')}</Relationships>`;
}

/** The same numbers on every run (a linear congruential generator). */
function makeRandom(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function* sheetPieces(): Generator<string> {
  const random = makeRandom();
  yield `${declaration}<worksheet xmlns="${main}"><dimension ref="A1:J${rows}"/><sheetData>`;
  for (let first = 1; first <= rows; first += rowsPerPiece) {
    let piece = '';
    const end = Math.min(rows + 1, first + rowsPerPiece);
    for (let row = first; row < end; row += 1) piece += rowXml(row, random);
    yield piece;
  }
  yield '</sheetData></worksheet>';
}

function rowXml(row: number, random: () => number): string {
  const text = () => Math.floor(random() * texts);
  const day = 40_000 + Math.floor(random() * 6_000);
  return (
    `<row r="${row}" spans="1:10"><c r="A${row}"><v>${row}</v></c>` +
    `<c r="B${row}" t="s"><v>${text()}</v></c><c r="C${row}" t="s"><v>${text() % 20}</v></c>` +
    `<c r="D${row}" s="1"><v>${day}</v></c><c r="E${row}" s="2"><v>${day + random()}</v></c>` +
    `<c r="F${row}" s="3"><v>${(random() * 100_000).toFixed(2)}</v></c>` +
    `<c r="G${row}"><v>${Math.floor(random() * 1000)}</v></c>` +
    `<c r="H${row}" s="4"><v>${random()}</v></c><c r="I${row}"><v>${random() * 1000}</v></c>` +
    `<c r="J${row}" t="s"><v>${text()}</v></c></row>`
  );
}

function* stringPieces(): Generator<string> {
  yield `${declaration}<sst xmlns="${main}" count="${3 * rows}" uniqueCount="${texts}">`;
  for (let index = 0; index < texts; index += 1) {
    yield `<si><t>Customer ${index}, Street ${index % 977} &amp; Sons</t></si>`;
  }
  yield '</sst>';
}

const zip = new ZipFile();
for (const [name, xml] of Object.entries(parts))
  zip.addBuffer(Buffer.from(declaration + xml), name);
zip.addReadStream(Readable.from(stringPieces()), 'xl/sharedStrings.xml');
zip.addReadStream(Readable.from(sheetPieces()), 'xl/worksheets/sheet1.xml');
zip.end();
await pipeline(zip.outputStream, createWriteStream(path));
