import { stylesXml } from './styles.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const packageSchema = 'http://schemas.openxmlformats.org/package/2006';
const officeSchema = 'http://schemas.openxmlformats.org/officeDocument/2006';
const contentType = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** What is known before the first row. Every part but these is a worksheet. */
export const firstParts: readonly (readonly [string, string])[] = [
  [
    '[Content_Types].xml',
    `${declaration}<Types xmlns="${packageSchema}/content-types">` +
      '<Default Extension="rels" ' +
      'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      `<Default Extension="xml" ContentType="${contentType}.worksheet+xml"/>` +
      `<Override PartName="/xl/workbook.xml" ContentType="${contentType}.sheet.main+xml"/>` +
      `<Override PartName="/xl/styles.xml" ContentType="${contentType}.styles+xml"/></Types>`,
  ],
  [
    '_rels/.rels',
    `${declaration}<Relationships xmlns="${packageSchema}/relationships">` +
      `<Relationship Id="rId1" Type="${officeSchema}/relationships/officeDocument" ` +
      'Target="xl/workbook.xml"/></Relationships>',
  ],
  ['xl/styles.xml', declaration + stylesXml],
];

export function sheetPart(index: number): string {
  return `xl/worksheets/sheet${index + 1}.xml`;
}

/** What names the sheets. */
export function lastParts(sheetNames: readonly string[]): readonly (readonly [string, string])[] {
  const sheets = sheetNames.map(
    (name, index) =>
      `<sheet name="${escapeAttribute(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
  );
  const relationships = sheetNames.map(
    (_, index) =>
      `<Relationship Id="rId${index + 1}" Type="${officeSchema}/relationships/worksheet" ` +
      `Target="worksheets/sheet${index + 1}.xml"/>`,
  );
  return [
    [
      'xl/workbook.xml',
      `${declaration}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
        `xmlns:r="${officeSchema}/relationships"><bookViews><workbookView/></bookViews>` +
        `<sheets>${sheets.join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${declaration}<Relationships xmlns="${packageSchema}/relationships">` +
        `${relationships.join('')}<Relationship Id="rIdStyles" ` +
        `Type="${officeSchema}/relationships/styles" Target="styles.xml"/></Relationships>`,
    ],
  ];
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
