import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInstallation } from './installation.ts';
import type { OfficeFormat } from './kinds.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { Soffice } from './soffice.ts';
import type { Properties } from './urp/marshal.ts';

/** Names of LibreOffice's export filters, by what we have it write. */
const exportFilters = {
  docx: 'MS Word 2007 XML',
  doc: 'MS Word 97',
  odt: 'writer8',
  rtf: 'Rich Text Format',
  pptx: 'Impress MS PowerPoint 2007 XML',
  ppt: 'MS PowerPoint 97',
  odp: 'impress8',
  xlsx: 'Calc MS Excel 2007 XML',
  xlsm: 'Calc MS Excel 2007 VBA XML',
  xls: 'MS Excel 97',
  ods: 'calc8',
} as const satisfies Partial<Record<OfficeFormat, string>>;

export type MadeFormat = keyof typeof exportFilters;

const sources = {
  text: { name: 'source.docx', filter: 'MS Word 2007 XML' },
  sheet: { name: 'source.fods', filter: 'OpenDocument Spreadsheet Flat XML' },
  slides: { name: 'source.fodp', filter: 'OpenDocument Presentation Flat XML' },
} as const;

export type SourceKind = keyof typeof sources;

export const kindOf: Readonly<Record<MadeFormat, SourceKind>> = {
  ...({ docx: 'text', doc: 'text', odt: 'text', rtf: 'text' } as const),
  ...({ pptx: 'slides', ppt: 'slides', odp: 'slides' } as const),
  ...({ xlsx: 'sheet', xlsm: 'sheet', xls: 'sheet', ods: 'sheet' } as const),
};

const namespaces = ['office', 'table', 'text', 'style', 'presentation']
  .map((name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
  .concat('xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"')
  .concat('xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"')
  .concat('xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"')
  .join(' ');

/** Slides need a master page each. */
const master = `<office:automatic-styles><style:page-layout style:name="L">
<style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/></style:page-layout>
</office:automatic-styles><office:master-styles>
<style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>`;

function flat(kind: string, body: string): Buffer {
  const type = `application/vnd.oasis.opendocument.${kind}`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<office:document ${namespaces} office:version="1.3" office:mimetype="${type}">
${kind === 'presentation' ? master : ''}<office:body><office:${kind}>${body}</office:${kind}></office:body></office:document>`);
}

/** A document of some pages, each with a table and text. */
export function textSource(pages: number): Promise<Buffer> {
  const rows = Array.from({ length: 12 }, (_, row) => [`Row ${row}`, `${row * 17}`, 'north']);
  const words = 'The quarterly figures are in, and they are better than those of last year. ';
  const breakPage = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>';
  const page = paragraph(words.repeat(12)) + table(rows) + paragraph(words.repeat(6));
  return makeDocx(Array.from({ length: pages }, () => page).join(breakPage));
}

/** A sheet of rows with numbers, so wide that it takes two pages side by side. */
export function sheetSource(rows: number, columns = 12): Buffer {
  const cell = (value: number) =>
    `<table:table-cell office:value-type="float" office:value="${value}"><text:p>${value}</text:p></table:table-cell>`;
  const row = (index: number) =>
    `<table:table-row>${Array.from({ length: columns }, (_, column) => cell(index * column)).join('')}</table:table-row>`;
  const body = Array.from({ length: rows }, (_, index) => row(index)).join('');
  return flat('spreadsheet', `<table:table table:name="Sales">${body}</table:table>`);
}

export function slidesSource(slides: number): Buffer {
  const page = (index: number) => `<draw:page draw:name="p${index}"
draw:master-page-name="M"><draw:frame svg:x="2cm"
svg:y="2cm" svg:width="20cm" svg:height="5cm"><draw:text-box><text:p>Slide ${index} of ${slides}</text:p>
</draw:text-box></draw:frame></draw:page>`;
  return flat(
    'presentation',
    Array.from({ length: slides }, (_, index) => page(index + 1)).join(''),
  );
}

/** Has LibreOffice write documents in its formats: what we convert back in tests and benchmarks. */
export class DocumentMaker {
  readonly #folder: string;
  readonly #soffice: Soffice;

  private constructor(folder: string, soffice: Soffice) {
    this.#folder = folder;
    this.#soffice = soffice;
  }

  static async open(programFolder: string | null): Promise<DocumentMaker> {
    const folder = await mkdtemp(join(tmpdir(), 'mutate-documents-'));
    const installation = findInstallation(programFolder);
    if (installation === null) throw new Error('these tests need LibreOffice');
    return new DocumentMaker(folder, await Soffice.start(installation, folder));
  }

  /** @param password with it, the document asks for it */
  async make(format: MadeFormat, source: Buffer, password?: string): Promise<Buffer> {
    const { name, filter } = sources[kindOf[format]];
    const inputPath = join(this.#folder, name);
    const outputPath = join(this.#folder, `made.${format}`);
    await writeFile(inputPath, source);
    const protection: Properties = password === undefined ? {} : { Password: { string: password } };
    await this.#soffice.office.convert({
      inputPath,
      inputFilter: filter,
      outputPath,
      outputFilter: exportFilters[format],
      settings: {},
      pages: null,
      storing: protection,
    });
    return readFile(outputPath);
  }

  async close(): Promise<void> {
    await this.#soffice.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
