import { zipOf } from './hostile-input.ts';

const packageSchemas = 'http://schemas.openxmlformats.org/package/2006';
const officeSchemas = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const officeType = 'application/vnd.openxmlformats-officedocument';
const drawing = 'http://schemas.openxmlformats.org/drawingml/2006/main';

/** A relationship of a part: kind, target, and whether it points outside the package. */
export interface Relation {
  readonly kind: string;
  readonly target: string;
  readonly external?: boolean;
}

function relationsXml(relations: readonly Relation[]): string {
  const entries = relations.map(
    ({ kind, target, external }, index) =>
      `<Relationship Id="rId${index + 1}" Type="${officeSchemas}/${kind}" Target="${target}"` +
      `${external === true ? ' TargetMode="External"' : ''}/>`,
  );
  return `<Relationships xmlns="${packageSchemas}/relationships">${entries.join('')}</Relationships>`;
}

function contentTypes(part: string, type: string): string {
  return (
    `<Types xmlns="${packageSchemas}/content-types"><Default Extension="rels" ` +
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    `<Override PartName="/${part}" ContentType="${officeType}.${type}.main+xml"/></Types>`
  );
}

/** A word document around a body, with the relations of its main part. */
export function wordOf(
  body: string,
  options: {
    relations?: readonly Relation[];
    head?: string;
    parts?: Record<string, string | Buffer>;
  } = {},
): Promise<Buffer> {
  const { relations = [], head = '', parts = {} } = options;
  return zipOf({
    '[Content_Types].xml': contentTypes('word/document.xml', 'wordprocessingml.document'),
    '_rels/.rels': relationsXml([{ kind: 'officeDocument', target: 'word/document.xml' }]),
    'word/_rels/document.xml.rels': relationsXml(relations),
    'word/document.xml':
      `${head}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
      `xmlns:r="${officeSchemas}" xmlns:a="${drawing}" xmlns:wp="http://schemas.openxmlformats.org/` +
      `drawingml/2006/wordprocessingDrawing"><w:body>${body}</w:body></w:document>`,
    ...parts,
  });
}

/** A picture in a word document by the id of its relation, linked rather than embedded. */
export function linkedPicture(relationId: string): string {
  const picture = 'http://schemas.openxmlformats.org/drawingml/2006/picture';
  return (
    '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="990000" cy="990000"/><wp:docPr id="1" ' +
    `name="p"/><a:graphic><a:graphicData uri="${picture}"><pic:pic xmlns:pic="${picture}">` +
    '<pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>' +
    `<a:blip r:link="${relationId}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>` +
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm>' +
    '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>' +
    '</w:drawing></w:r></w:p>'
  );
}

/** A workbook of one sheet. */
export function sheetOf(
  rows: string,
  options: { relations?: readonly Relation[]; head?: string; parts?: Record<string, string> } = {},
): Promise<Buffer> {
  const { relations = [], head = '', parts = {} } = options;
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  return zipOf({
    '[Content_Types].xml': contentTypes('xl/workbook.xml', 'spreadsheetml.sheet').replace(
      '</Types>',
      `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${officeType}.spreadsheetml.` +
        'worksheet+xml"/></Types>',
    ),
    '_rels/.rels': relationsXml([{ kind: 'officeDocument', target: 'xl/workbook.xml' }]),
    'xl/workbook.xml':
      `<workbook xmlns="${main}" xmlns:r="${officeSchemas}"><sheets><sheet name="A" sheetId="1" ` +
      'r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relationsXml([
      { kind: 'worksheet', target: 'worksheets/sheet1.xml' },
      ...relations,
    ]),
    'xl/worksheets/sheet1.xml':
      `${head}<worksheet xmlns="${main}" xmlns:r="${officeSchemas}"><sheetData>${rows}` +
      '</sheetData></worksheet>',
    ...parts,
  });
}

const namespaces = ['office', 'text', 'table', 'drawing:draw', 'style', 'script']
  .map((name) => name.split(':'))
  .map(
    ([name, prefix = name]) =>
      `xmlns:${prefix}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`,
  )
  .join(' ');

/** An OpenDocument file of the kind `text`, `spreadsheet` or `presentation`. */
export function openDocumentOf(
  kind: 'text' | 'spreadsheet' | 'presentation',
  body: string,
  options: { head?: string; scripts?: string; parts?: Record<string, string | Buffer> } = {},
): Promise<Buffer> {
  const { head = '', scripts = '', parts = {} } = options;
  const mediaType = `application/vnd.oasis.opendocument.${kind}`;
  return zipOf({
    mimetype: mediaType,
    'META-INF/manifest.xml':
      '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" ' +
      `manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="` +
      `${mediaType}"/><manifest:file-entry manifest:full-path="content.xml" ` +
      'manifest:media-type="text/xml"/></manifest:manifest>',
    'content.xml':
      `${head}<office:document-content ${namespaces} xmlns:xlink="http://www.w3.org/1999/xlink" ` +
      'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2">' +
      `${scripts}<office:body><office:${kind}>${body}</office:${kind}></office:body>` +
      '</office:document-content>',
    ...parts,
  });
}
