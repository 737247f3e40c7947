import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const packageSchemas = 'http://schemas.openxmlformats.org/package/2006';
const officeSchemas = 'http://schemas.openxmlformats.org/officeDocument/2006';
const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

const contentTypes = `${xml}<Types xmlns="${packageSchemas}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="${wordType}.document.main+xml"/></Types>`;

const relationships = `${xml}<Relationships xmlns="${packageSchemas}/relationships"><Relationship
Id="rId1" Type="${officeSchemas}/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>`;

/**
 * The smallest DOCX around a body: what a converter is warmed up with, and what tests convert.
 *
 * @param body WordprocessingML, such as `paragraph('text')`
 * @param parts further parts by name, in place of the default ones where they have the same name
 */
export async function makeDocx(
  body: string,
  parts: Readonly<Record<string, string | Buffer>> = {},
): Promise<Buffer> {
  const document = `${xml}<w:document
xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
xmlns:r="${officeSchemas}/relationships"
xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"
xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="w14"><w:body>${body}</w:body></w:document>`;
  const all = {
    '[Content_Types].xml': contentTypes,
    '_rels/.rels': relationships,
    'word/document.xml': document,
    ...parts,
  };
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(all))
    zip.addBuffer(typeof content === 'string' ? Buffer.from(content) : content, name);
  zip.end();
  return buffer(zip.outputStream);
}

/** One paragraph of plain text; the text must not need escaping. */
export function paragraph(text: string): string {
  return `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
}

/** A table of plain texts, row by row. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) =>
    row.map((text) => `<w:tc>${paragraph(text)}</w:tc>`).join('');
  return `<w:tbl>${rows.map((row) => `<w:tr>${cells(row)}</w:tr>`).join('')}</w:tbl>`;
}
